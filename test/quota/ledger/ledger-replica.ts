import { defaultPreReservations, type PreReservationSettings } from '../../../src/quota/ledger/pre-reservations.ts';
import type { ReserveResult } from '../../../src/quota/rules/reserve-result.ts';
import { Ledger } from '../../../src/quota/ledger/ledger.ts';
import { formatLedger, parseLedger, type LedgerState } from '../../../src/quota/ledger/ledger-state.ts';
import type { StoredLedger } from '../../../src/quota/ledger/ledger-copy.ts';
import type { LedgerTelemetry } from '../../../src/quota/ledger/ledger-view.ts';
import type { Quota } from '../../../src/quota/rules/quota.ts';
import type { PodRecord } from '../../../src/quota/rules/pod-record.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';
import { FakeView } from './fake-view.ts';
import { uidsOf } from '../pod.ts';
import { readQuota } from '../read-quota.ts';

const small = readQuota({ hard: { 'nvidia.com/gpu': '2' } }, 'all');

type ReplicaOptions = {
  readonly isFirst?: boolean;
  readonly quota?: Quota;
  readonly preReservations?: PreReservationSettings;
  readonly telemetry?: LedgerTelemetry;
  /** Of all pauses by chance, from 0 to 1. */
  readonly random?: number;
};

/** One replica, its store, and what a test does to both. */
export function createReplica(
  initial?: LedgerState | string,
  {
    isFirst = false,
    quota = small,
    preReservations = defaultPreReservations,
    random = 0,
    telemetry,
  }: ReplicaOptions = {},
) {
  const world = new FakeView([quota]);
  const clock = createVirtualClock(() => random);
  let stored: StoredLedger | undefined;
  const put = (data: LedgerState | string) => {
    const version = String(Number(stored?.version ?? 100) + 1);
    stored = { data: typeof data === 'string' ? data : formatLedger(data), version, revision: BigInt(version) };
    return stored;
  };
  if (initial !== undefined) put(initial);
  const log: string[] = [];
  /** What happens instead of the next write. */
  const instead: ((data: string) => void)[] = [];
  let watched: StoredLedger | undefined;
  let readMs = 0;
  let writeMs = 0;
  let answerMs = 0;
  const ledger = new Ledger({
    store: {
      newest: () => watched,
      read: async () => {
        log.push('read');
        if (readMs > 0) await clock.sleep(readMs);
        return stored;
      },
      write: async (data, version) => {
        if (writeMs > 0) await clock.sleep(writeMs);
        const act = instead.shift();
        if (act !== undefined) act(data);
        if (version !== stored?.version) return 'conflict';
        log.push(`write ${uidsOf(parseLedger(data)?.reservations).join(' ')}`);
        const written = put(data);
        const ms = answerMs;
        answerMs = 0;
        if (ms > 0) await clock.sleep(ms);
        return written;
      },
    },
    view: world.view,
    cluster: 'c',
    claimFirst: async () => isFirst,
    clock,
    preReservations: { replica: 'r1', settings: preReservations },
    telemetry: telemetry ?? {
      wrote: (reserved, released) => log.push(`reserved ${reserved}, released ${released}`),
      tookPreReserved: () => log.push('took a pre-reservation'),
      conflict: () => log.push('conflict'),
      failed: (error) => log.push((error as Error).message),
    },
  });
  const reserve = (pod: PodRecord, about: { dryRun?: boolean; deadline?: number } = {}) => {
    const asked: { result: ReserveResult | undefined } = { result: undefined };
    const answer = ledger.reserve({ pod, dryRun: false, deadline: clock.now() + 5000, ...about });
    if (answer instanceof Promise) void answer.then((result) => (asked.result = result));
    else asked.result = answer;
    return asked;
  };
  const stateNow = () => parseLedger(stored?.data ?? '');
  return {
    world,
    clock,
    ledger,
    put,
    log,
    instead,
    reserve,
    stateNow,
    /** The watch shows it: what is stored, unless told otherwise. */
    watch: (newer = stored) => (watched = newer),
    slowDown: (ms: number) => (readMs = ms),
    slowWrites: (ms: number) => (writeMs = ms),
    /** Of the next write that is done. */
    slowNextAnswer: (ms: number) => (answerMs = ms),
  };
}

/** The answer, or why there is none. */
export const kindOf = ({ result }: { result: ReserveResult | undefined }) =>
  result?.kind === 'undecided' ? result.cause : result?.kind;
