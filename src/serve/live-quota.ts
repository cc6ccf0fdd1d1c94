import { randomUUID } from 'node:crypto';
import type { AdmissionSources } from '../admission/admit.ts';
import { createApiLedgerStore, watchLedger } from '../cluster/view/api-ledger-store.ts';
import { ApiError } from '../cluster/client/api-error.ts';
import { createLedgerView } from '../cluster/view/cluster-ledger-view.ts';
import { Interner } from '../workload/interner.ts';
import { pickLabels } from '../cluster/view/projections.ts';
import type { FeedContext } from '../cluster/watch/resource-feed.ts';
import type { ClusterView } from '../cluster/view/view.ts';
import { quotaViolation } from '../admission/quota-answer.ts';
import { DenialEvents } from '../controller/denial-events.ts';
import { QuotaStatus } from '../controller/quota-status.ts';
import { ReservationExpiry } from '../controller/expire-reservations.ts';
import type { Leader } from '../controller/leader.ts';
import { defaultPreReservations, isPreReserved } from '../quota/ledger/pre-reservation.ts';
import { podDeviceMemory } from '../quota/rules/device-memory.ts';
import { Ledger } from '../quota/ledger/ledger.ts';
import type { PodRecord } from '../quota/rules/pod-record.ts';
import type { Quota } from '../quota/rules/quota.ts';
import { groupChanges } from '../quota/rules/group-changes.ts';
import { undecidedCauses } from '../quota/rules/reserve-result.ts';
import { demandOf } from '../workload/demand.ts';

/** Quotas in force: what admissions ask, and what goes on in the background. */
export type LiveQuota = {
  readonly reserve: NonNullable<AdmissionSources['reserve']>;
  readonly groupChanges: NonNullable<AdmissionSources['groupChanges']>;
  /** Why this replica can charge no quota yet, or no longer; undefined when it can. */
  readonly whyUndecided: () => string | undefined;
  /** Runs until the signal is aborted; never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
};

export type LiveQuotaOptions = FeedContext & {
  readonly view: ClusterView;
  readonly quotas: () => readonly Quota[];
  readonly leader: Pick<Leader, 'isLeader'>;
  /** Where the Leases are. */
  readonly namespace: string;
};

/** Of the time that the API server gives: the answer must still be on its way before it is over. */
const marginMs = 200;
const lookEveryMs = 1000;
const expiryEveryMs = 5000;

export function createLiveQuota(options: LiveQuotaOptions): LiveQuota {
  const { client, clock, log, metrics, view, quotas, namespace, leader } = options;
  const watched = watchLedger(options);
  const interner = new Interner();
  const ledgerView = createLedgerView(view, { client, quotas });
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const events = new DenialEvents({ client, log, now: clock.now, wallClock: Date.now, random: clock.random });
  let ledger: Ledger | undefined;

  /** A Lease that is made once marks that there was a ledger: nobody is served by one that was lost. */
  const claimFirst = async (): Promise<boolean> => {
    const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'gpugate-ledger' } };
    try {
      await client.request({ method: 'POST', path: leases, body, once: true });
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.isConflict) return false;
      throw error;
    }
  };

  const open = async (): Promise<Ledger> => {
    const system = await client.request({ method: 'GET', path: '/api/v1/namespaces/kube-system' });
    const made = new Ledger({
      store: createApiLedgerStore(client, watched.newest),
      view: ledgerView,
      cluster: (system as { metadata: { uid: string } }).metadata.uid,
      claimFirst,
      clock,
      preReservations: { replica: randomUUID(), settings: defaultPreReservations },
      telemetry: {
        wrote: (reserved, released, length) => metrics.ledgerWrite(reserved, released, length),
        tookPreReserved: () => metrics.ledgerTookPreReserved(),
        conflict: () => metrics.ledgerConflict(),
        failed: (error) => log.warn('the quota ledger failed', { error: (error as Error).message }),
      },
    });
    made.open();
    return made;
  };

  const maintain = async (signal: AbortSignal): Promise<void> => {
    while (ledger === undefined && !signal.aborted) {
      ledger = await open().catch(async (error: unknown) => {
        log.warn('the quota ledger could not be opened', { error: (error as Error).message });
        await clock.sleep(lookEveryMs, signal);
        return undefined;
      });
    }
    if (ledger === undefined) return;
    const isShown = (uid: string) => ledgerView.shownAt(uid) !== undefined;
    const expiry = new ReservationExpiry({ ledger, client, isShown, now: clock.now });
    const status = new QuotaStatus({ client, log, now: clock.now });
    let lookedAt = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      await clock.sleep(lookEveryMs, signal);
      ledger.compact();
      if (!leader.isLeader) {
        expiry.forget();
        status.forget();
        continue;
      }
      const reservations = ledger.state?.reservations.filter((one) => !isPreReserved(one) && !isShown(one.uid));
      if (view.podVersion() !== undefined && reservations !== undefined) {
        await status.look({ quotas: quotas(), usage: view.usage, namespaceLabels: view.namespaceLabels, reservations });
      }
      if (clock.now() - lookedAt >= expiryEveryMs) {
        lookedAt = clock.now();
        await expiry
          .look()
          .catch((error: unknown) =>
            log.warn('reservations could not be looked at', { error: (error as Error).message }),
          );
      }
    }
    await ledger.close();
  };

  return {
    run: async (signal) => {
      await Promise.all([watched.reflector.run(signal), maintain(signal)]);
    },
    whyUndecided: () => (ledger === undefined ? undecidedCauses.unread : ledger.whyUndecided()),
    groupChanges: (before, after, namespaceLabels) => groupChanges(quotas(), before, after, namespaceLabels),
    reserve: async (request, pod, deadline) => {
      const found = demandOf(pod);
      if (found.size === 0 || quotas().length === 0) return { kind: 'fits', charges: [], noted: [] };
      if (ledger === undefined) return { kind: 'undecided', cause: undecidedCauses.unread };
      const demand = interner.demand(found);
      const { name, namespace: place, uid, labels } = pod.meta;
      const record: PodRecord = {
        uid: uid === '' ? request.uid : uid,
        namespace: place,
        name,
        node: '',
        user: request.user.username,
        labels: interner.labels(pickLabels(labels, view.groupLabels)),
        demand,
        memoryMiB: podDeviceMemory(demand, undefined, view.largest()),
        version: 0,
      };
      const dryRun = request.dryRun || uid === '';
      const result = await ledger.reserve({ pod: record, dryRun, deadline: deadline - marginMs });
      const [first] = result.kind === 'short' && !dryRun ? result.shortfalls : [];
      if (first !== undefined) {
        const { path, reason } = quotaViolation(first);
        events.denied({ namespace: place, pod: name, uid, quota: first.quota, message: `${path}: ${reason}` });
      }
      return result;
    },
  };
}
