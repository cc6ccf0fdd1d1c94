import { ledgerData, ledgerForm, newerLedgerData, type LedgerData } from '../../api/quota-ledger.ts';
import { isSameShape, type Shape } from '../rules/pod-record.ts';
import { isPod, isPreReserved, keyOf, type PreReservation, type Reservation } from '../rules/reservation.ts';

/** What the ledger says, whichever replica wrote it. */
export type LedgerState = {
  /** uid of the kube-system namespace: a ledger from another cluster's backup says nothing about this one. */
  readonly cluster: string;
  /** False after a lost ledger is rebuilt, until every pod that it may have held is visible or can never exist. */
  readonly isSettled: boolean;
  /** Only a view of pods at or past this version may decide by these reservations. */
  readonly seenThrough: bigint;
  readonly reservations: readonly Reservation[];
};

export const emptyLedger = (cluster: string, isSettled: boolean): LedgerState => ({
  cluster,
  isSettled,
  seenThrough: 0n,
  reservations: [],
});

export function formatLedger({ cluster, isSettled, seenThrough, reservations }: LedgerState): string {
  const preReserved = formatPreReserved(reservations.filter(isPreReserved));
  return JSON.stringify({
    v: ledgerForm,
    cluster,
    settled: isSettled,
    seen: String(seenThrough),
    pods: reservations
      .filter(isPod)
      .map(({ pod }) => ({ uid: pod.uid, ns: pod.namespace, name: pod.name, ...formatShape(pod) })),
    ...(preReserved.length > 0 ? { preReserved } : {}),
  });
}

const formatShape = ({ user, labels, demand, memoryMiB }: Shape) => ({
  user,
  labels,
  demand: Object.fromEntries(demand),
  mib: memoryMiB,
});

/** A hundred of one shape take little more room than one: they follow one another and share what they have in common. */
function formatPreReserved(preReserved: readonly PreReservation[]): NonNullable<LedgerData['preReserved']> {
  const groups: NonNullable<LedgerData['preReserved']> = [];
  let before: Shape | undefined;
  for (const { by, id, shape } of preReserved) {
    const last = groups.at(-1);
    if (before !== undefined && last?.by === by && isSameShape(before, shape)) last.ids.push(id);
    else groups.push({ by, ids: [id], ns: shape.namespace, ...formatShape(shape) });
    before = shape;
  }
  return groups;
}

/**
 * Undefined for text that no gpugate of this version wrote: the ledger is lost then, unless {@link isOfNewerForm}. A
 * reservation never changes: those of the copy `before` are reused with all that was computed for them.
 */
export function parseLedger(text: string, before?: LedgerState): LedgerState | undefined {
  const { data } = ledgerData.safeParse(parseJson(text));
  if (data === undefined) return undefined;
  const known = new Map(before?.reservations.map((reservation) => [keyOf(reservation), reservation]));
  const reuse = (read: Reservation): Reservation => known.get(keyOf(read)) ?? read;
  return {
    cluster: data.cluster,
    isSettled: data.settled,
    seenThrough: BigInt(data.seen),
    reservations: [
      ...data.pods.map(({ uid, name, ...raw }) =>
        reuse({ kind: 'pod', pod: { uid, name, ...parseShape(raw), node: '', version: 0 } }),
      ),
      ...(data.preReserved ?? []).flatMap(({ by, ids, ...raw }) => {
        const shape = parseShape(raw);
        return ids.map((id) => reuse({ kind: 'preReserved', by, id, shape }));
      }),
    ],
  };
}

/** A newer gpugate wrote it and may run beside this one: the ledger is not lost, and rebuilding would destroy it. */
export function isOfNewerForm(text: string): boolean {
  return newerLedgerData.safeParse(parseJson(text)).success;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

type RawShape = Omit<LedgerData['pods'][number], 'uid' | 'name'>;

function parseShape({ ns, user, labels, demand, mib }: RawShape): Shape {
  return { namespace: ns, user, labels, demand: new Map(Object.entries(demand)), memoryMiB: mib };
}
