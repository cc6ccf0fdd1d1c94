/** Why no quota can be decided, in words for the user whose pod it is. */
export const undecidedCauses = {
  late: 'the quota could not be checked in time. Try again.',
  rebuilding: 'the ledger of reservations was lost and is being made anew, which takes about a minute. Try again then.',
  newer:
    'the ledger of reservations is of a newer gpugate, which this one cannot read. Finish the upgrade; after a rollback, delete QuotaLedger ledger.',
  unread: 'the ledger of reservations was not read yet. Try again.',
  ahead:
    'the last room is held by replicas of gpugate for pods to come. Try again; what a replica that ended held is free after a minute.',
  forged: 'its uid is not one that an API server gives.',
  unconfirmed: 'there seems to be no room, and the API server did not say whether that is still so. Try again.',
} as const;
