import type { Trouble } from './faults.ts';

/** A deliberate fault: one exact piece of the source, which occurs once, is replaced by another. */
export type Mutation = {
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** The trouble that shows it; any, when absent. */
  readonly trouble?: Trouble;
};

const ledger = 'quota/ledger/ledger.ts';
const pass = 'quota/rules/decide-pass.ts';
const batch = 'quota/rules/batch.ts';
const copy = 'quota/ledger/ledger-copy.ts';
const lists = 'quota/ledger/live-lists.ts';
const expiry = 'controller/expire-reservations.ts';
const preReservations = 'quota/ledger/pre-reservations.ts';
const shape = 'quota/ledger/requested-shape.ts';
const lost = 'quota/ledger/lost-ledger.ts';

/** The simulation must catch each of them: it is only as good as the faults that it finds. */
export const mutations: Readonly<Record<string, Mutation>> = {
  'a replica decides before its view is at seenThrough': {
    file: ledger,
    from: 'return version !== undefined && version >= seenThrough;',
    to: 'return version !== undefined;',
  },
  'a replica drops what its view shows and does not raise seenThrough': {
    file: pass,
    from: 'if (shownAt !== undefined && shownAt > seen) seen = shownAt;',
    to: '',
  },
  'a pod that no quota charges is answered by a view older than the ledger': {
    file: ledger,
    from: 'return this.#hasSeen(own.state) ? {',
    to: 'return true ? {',
  },
  'a pod that no quota charges is answered by a ledger that has not settled': {
    file: ledger,
    from: 'if (own === undefined || !own.state.isSettled) return undefined;',
    to: 'if (own === undefined) return undefined;',
    trouble: 'lost-ledgers',
  },
  'a pod that no quota charges is answered by a copy of the ledger that was replaced': {
    file: ledger,
    from: 'this.#lost.find(this.#copy.trusted)',
    to: 'this.#lost.find(this.#copy.known)',
  },
  'answers come before the write': {
    file: ledger,
    from: 'this.#confirm(pass.unconfirmed);',
    to: 'this.#confirm(pass.unconfirmed); for (const [one, answer] of pass.answers) one.resolve(answer);',
  },
  'reservations are never written': {
    file: ledger,
    from: 'const next = [...pass.kept, ...pass.added, ...plan.reservations];',
    to: 'const next = [...pass.kept, ...plan.reservations];',
  },
  'own writes are forgotten': {
    file: copy,
    from: 'this.#known = { stored: written, state, isNewer: false };',
    to: 'this.#known = { stored: written, state: this.#known?.state, isNewer: false };',
  },
  'after a conflict the same is written over the newest': {
    file: copy,
    from: "if (written === 'conflict') this.#isOutdated = true;",
    to: "if (written === 'conflict') return this.write(state, (await this.#store.read())?.version);",
  },
  'a conflict counts as written': {
    file: ledger,
    from: `if (written === 'conflict') return;
      telemetry.wrote(pass.added.length, reservations.length - pass.kept.length, written.data.length);`,
    to: '',
  },
  'any conflict releases what was reserved': {
    file: ledger,
    from: 'telemetry.conflict();',
    to: 'telemetry.conflict(); this.#releases.add(next.reservations);',
  },
  'reservations expire blindly, whether or not the pod exists': {
    file: expiry,
    from: 'if (!(await this.#exists(one.pod))) never.push(one);',
    to: 'never.push(one);',
    trouble: 'stalled-watches',
  },
  'reservations expire while the pod may still be created': {
    file: expiry,
    from: 'expireAfterMs = 60_000',
    to: 'expireAfterMs = 2_000',
  },
  'reservations never expire': {
    file: expiry,
    from: 'if (never.length > 0) this.#options.ledger.release(never);',
    to: '',
  },
  'a leader is known to be gone by the wall clocks of two machines': {
    file: 'controller/leader.ts',
    from: 'return now - this.#seen.since > leaseSeconds * 1000;',
    to: "return this.#options.wallClock() - Date.parse(lease?.spec?.renewTime ?? '') > leaseSeconds * 1000;",
  },
  'nobody ever leads': {
    file: 'controller/leader.ts',
    from: 'return this.#options.clock.now() - this.#renewedAt < giveUpAfterMs;',
    to: 'return false;',
  },
  'pods are known by name': {
    file: pass,
    from: 'if (held.has(uid) || view.shownAt(uid) !== undefined)',
    to: 'if (kept.filter(isPod).some(({ pod }) => pod.name === one.pod.name) || view.shownAt(uid) !== undefined)',
  },
  'a dry run is charged': {
    file: pass,
    from: 'if (charges.length > 0 && !dryRun) added.push(reservationOf(pod));',
    to: 'if (charges.length > 0) added.push(reservationOf(pod));',
  },
  'a dry run takes room from others of its batch': {
    file: pass,
    from: 'isKept: !dryRun',
    to: 'isKept: true || dryRun',
  },
  'a pod is denied by what the view shows, without a live list': {
    file: pass,
    from: "if (checked === undefined) return 'unlisted';",
    to: 'if (checked === undefined) return undefined;',
  },
  'a live list of one group speaks for all groups': {
    file: pass,
    from: "if (!checked.namespaces.has(namespace)) return 'unlisted';",
    to: '{ break; }',
    trouble: 'stalled-watches',
  },
  'a pod is denied by an old copy of the ledger': {
    file: ledger,
    from: 'this.#copy.distrust(); // what an old copy still reserves denies nobody',
    to: '',
  },
  'a watch that lags a little is not waited for': {
    file: pass,
    from: "return isByReservations && !hasWaited && (view.version() ?? 0n) < checked.version ? 'behind' : undefined;",
    to: 'return undefined;',
  },
  'a pod that is newer than the live list counts as gone': {
    file: lists,
    from: ' && version <= list.version',
    to: '',
  },
  'reservations are dropped before the view shows them': {
    file: pass,
    from: 'if (shownAt === undefined && !isReleased(reservation))',
    to: "if (shownAt === undefined && isPod(reservation) && reservation.pod.uid.endsWith('0'))",
  },
  'what the view shows stays reserved': {
    file: pass,
    from: 'if (shownAt === undefined && !isReleased(reservation))',
    to: 'if (!isReleased(reservation))',
  },
  'pods that came and went are not remembered': {
    file: 'cluster/view/cluster-ledger-view.ts',
    from: 'return pod === undefined ? gone.get(uid) : BigInt(pod.version);',
    to: 'return pod === undefined ? undefined : BigInt(pod.version);',
  },
  'a pod asked for twice is reserved twice': {
    file: pass,
    from: 'else if (!uids.has(uid)) left.push(one);',
    to: 'else left.push(one);',
  },
  'a batch is decided pod by pod': {
    file: batch,
    from: 'if (denied.length === 0 && isKept) this.#reserved.add(charges);',
    to: '',
  },
  'a denied pod takes room': {
    file: batch,
    from: 'if (denied.length === 0 && isKept) this.#reserved.add(charges);',
    to: 'if (isKept) this.#reserved.add(charges);',
  },
  'one quota of several is enough': {
    file: pass,
    from: 'if (denied.length === 0) {',
    to: 'if (denied.length < charges.length) {',
  },
  'reservations do not count': {
    file: batch,
    from: 'const reserved = pending.reserved.get(resource) ?? 0;',
    to: 'const reserved = 0;',
  },
  'a pre-reservation is used more than once': {
    file: shape,
    from: 'return this.#free.shift()?.id;',
    to: 'return this.#free[0]?.id;',
  },
  'a pod that was admitted by a pre-reservation is forgotten': {
    file: preReservations,
    from: 'this.#used.set(id, pod);',
    to: '',
  },
  'a pre-reservation is used after its time': {
    file: shape,
    from: 'if (this.#free.some(({ until }) => until <= now)) this.#free = this.#free.filter(({ until }) => until > now);',
    to: '',
    trouble: 'held-pre-reservations',
  },
  'a pre-reservation is used before the write, or after one that failed': {
    file: ledger,
    from: 'this.#confirm(pass.unconfirmed);',
    to: 'this.#confirm(pass.unconfirmed); plan.written();',
    trouble: 'held-pre-reservations',
  },
  'a pre-reservation is used although it is no longer granted': {
    file: shape,
    from: 'this.#free.length = Math.min(this.#free.length, count);',
    to: '',
    trouble: 'held-pre-reservations',
  },
  'pre-reservations of other replicas deny pods': {
    file: pass,
    from: "if (!shortfalls.some(isFirm)) return 'preReserved';",
    to: '',
  },
  'pre-reservations of other replicas do not count': {
    file: batch,
    from: 'const preReserved = pending.preReserved.get(resource) ?? 0;',
    to: 'const preReserved = 0;',
  },
  'pre-reservations of a replica that died are never released': {
    file: expiry,
    from: 'if (preReserved.length > 0) await this.#options.ledger.releasePreReserved(preReserved);',
    to: '',
  },
  'pre-reservations of a replica that died are released by one that has not seen what came of them': {
    file: 'quota/ledger/ledger-view.ts',
    from: 'return (view.version() ?? -1n) >= newest ? newest : undefined;',
    to: 'return newest;',
    trouble: 'held-pre-reservations',
  },
  'a lost ledger is in force at once': {
    file: lost,
    from: 'emptyLedger(cluster, isFirst)',
    to: 'emptyLedger(cluster, true)',
  },
  'every ledger that is missing is the first one': {
    file: lost,
    from: 'stored === undefined && (await claimFirst())',
    to: 'stored === undefined',
  },
  'a lost ledger is settled before its minute is over': {
    file: expiry,
    from: 'if (now() - this.#unsettledSince <= expireAfterMs) return;',
    to: '',
    trouble: 'lost-ledgers',
  },
  'a lost ledger is settled for views that have not seen its pods': {
    file: lost,
    from: 'const seenThrough = newest > state.seenThrough ? newest : state.seenThrough;',
    to: 'const { seenThrough } = state;',
    trouble: 'lost-ledgers',
  },
  'a lost ledger is never settled': {
    file: expiry,
    from: 'await ledger.settle();',
    to: '',
  },
  "another cluster's ledger is believed": {
    file: lost,
    from: 'return cluster === this.#options.cluster && (revision === undefined || seenThrough <= revision);',
    to: 'return true;',
  },
};
