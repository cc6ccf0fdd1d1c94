import { randomUUID } from 'node:crypto';
import type { AdmissionSources } from '../admission/admit.ts';
import { quotaLine } from '../admission/quota-answer.ts';
import { createApiLedgerStore, createClaimFirst, watchLedger } from '../cluster/view/api-ledger-store.ts';
import { createLedgerView } from '../cluster/view/cluster-ledger-view.ts';
import type { ClusterView } from '../cluster/view/view.ts';
import type { FeedContext } from '../cluster/watch/resource-feed.ts';
import { DenialEvents } from '../controller/denial-events.ts';
import type { Leader } from '../controller/leader.ts';
import { LedgerUpkeep } from '../controller/ledger-upkeep.ts';
import { Ledger } from '../quota/ledger/ledger.ts';
import { defaultPreReservations } from '../quota/ledger/pre-reservations.ts';
import type { LedgerView } from '../quota/ledger/ledger-view.ts';
import { groupChanges } from '../quota/rules/group-changes.ts';
import { recordOfNew, type PodRecord } from '../quota/rules/pod-record.ts';
import type { Quota } from '../quota/rules/quota.ts';
import { undecidedCauses, type ReserveResult } from '../quota/rules/reserve-result.ts';
import { Interner } from '../workload/interner.ts';

export type LiveQuotaOptions = FeedContext & {
  readonly view: ClusterView;
  readonly quotas: () => readonly Quota[];
  readonly leader: Pick<Leader, 'isLeader'>;
  /** Where the Leases are. */
  readonly namespace: string;
};

/** Of the time that the API server gives us, for the answer to get there. */
const answerMarginMs = 200;
const reopenAfterMs = 1000;

const uncharged: ReserveResult = { kind: 'fits', charges: [], noted: [] };

/** Quotas over the cluster itself: what admissions ask, and what goes on in the background. */
export class LiveQuota {
  readonly #options: LiveQuotaOptions;
  readonly #view: LedgerView;
  readonly #watched: ReturnType<typeof watchLedger>;
  readonly #events: DenialEvents;
  readonly #interner = new Interner();
  #ledger: Ledger | undefined;

  constructor(options: LiveQuotaOptions) {
    const { client, clock, log, view, quotas } = options;
    this.#options = options;
    this.#view = createLedgerView(view, { client, quotas });
    this.#watched = watchLedger(options);
    this.#events = new DenialEvents({ client, log, now: clock.now, wallClock: Date.now, random: clock.random });
  }

  /** Runs until the signal is aborted; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#watched.reflector.run(signal), this.#keepLedger(signal)]);
  }

  /** Why this replica cannot charge any quota yet, or no longer; undefined when it can. */
  readonly whyUndecided = (): string | undefined =>
    this.#ledger === undefined ? undecidedCauses.unread : this.#ledger.whyUndecided();

  readonly groupChanges: NonNullable<AdmissionSources['groupChanges']> = (before, after, namespaceLabels) =>
    groupChanges(this.#options.quotas(), before, after, namespaceLabels);

  readonly reserve: NonNullable<AdmissionSources['reserve']> = (request, pod, deadline) => {
    const { view, quotas } = this.#options;
    if (quotas().length === 0) return uncharged;
    const context = { interner: this.#interner, labelKeys: view.groupLabels, largest: view.largest };
    const record = recordOfNew(pod, { uid: request.uid, user: request.user.username }, context);
    if (record === undefined) return uncharged;
    if (this.#ledger === undefined) return { kind: 'undecided', cause: undecidedCauses.unread };
    const dryRun = request.dryRun || pod.meta.uid === '';
    const result = this.#ledger.reserve({ pod: record, dryRun, deadline: deadline - answerMarginMs });
    if (dryRun || !(result instanceof Promise)) return result;
    return result.then((answer) => this.#tellDenial(record, answer));
  };

  #tellDenial({ namespace, name, uid }: PodRecord, result: ReserveResult): ReserveResult {
    const [first] = result.kind === 'short' ? result.shortfalls : [];
    if (first !== undefined) {
      this.#events.denied({ namespace, pod: name, uid, quota: first.quota, message: quotaLine(first) });
    }
    return result;
  }

  async #keepLedger(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    while (this.#ledger === undefined && !signal.aborted) {
      try {
        this.#ledger = await this.#openLedger();
      } catch (error) {
        log.warn('the quota ledger could not be opened', { error: (error as Error).message });
        await clock.sleep(reopenAfterMs, signal);
      }
    }
    if (this.#ledger === undefined) return;
    await new LedgerUpkeep({ ...this.#options, ledger: this.#ledger, ledgerView: this.#view }).run(signal);
    await this.#ledger.close();
  }

  /** Rejects when the API server does not answer. */
  async #openLedger(): Promise<Ledger> {
    const { client, clock, log, metrics, namespace } = this.#options;
    const system = await client.request({ method: 'GET', path: '/api/v1/namespaces/kube-system' });
    const ledger = new Ledger({
      store: createApiLedgerStore(client, this.#watched.newest),
      view: this.#view,
      cluster: (system as { metadata: { uid: string } }).metadata.uid,
      claimFirst: createClaimFirst(client, namespace),
      clock,
      preReservations: { replica: randomUUID(), settings: defaultPreReservations },
      telemetry: {
        wrote: (reserved, released, length) => metrics.ledgerWrite(reserved, released, length),
        tookPreReserved: () => metrics.ledgerTookPreReserved(),
        conflict: () => metrics.ledgerConflict(),
        failed: (error) => log.warn('the quota ledger failed', { error: (error as Error).message }),
      },
    });
    ledger.open();
    return ledger;
  }
}
