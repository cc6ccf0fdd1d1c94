import type { ReserveResult } from '../../src/quota/rules/reserve-result.ts';
import type { PodRecord } from '../../src/quota/rules/pod-record.ts';
import type { SimulatedApiServer, SimulatedPod } from './api-server.ts';
import type { Checker } from './checker.ts';
import type { Random } from './random.ts';
import type { Replica } from './replica.ts';
import type { Story } from './story.ts';
import { demands, freeNamespace, namespaces, podLabels, type Tenants } from './tenants.ts';
import type { VirtualTime } from './virtual-time.ts';

export type AdmissionsOptions = Pick<Story, 'meanLifeMs' | 'shortLived' | 'names' | 'alike' | 'favourite'> & {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly server: SimulatedApiServer;
  readonly tenants: Tenants;
  readonly checker: Checker;
  readonly replicas: readonly Replica[];
};

/** Of the webhook's configuration, less what the server keeps for the way back. */
const webhookTimeoutMs = 5000;
const marginMs = 450;
/** A create ends within 34 s, whatever its webhooks do. */
const createTimeoutMs = 34_000;
/** What may still be under way after its deadline: lists, reads and writes that get no answer, one after the other. */
const mayBeLateMs = 20_000;
const maxTries = 8;
const longestLifeMs = 120_000;

const alike = { namespace: 'proj-a-1', about: { labels: podLabels[0] ?? {}, demand: demands[0] ?? new Map() } };

/** A create as a client sent it; a collision of generated names makes another uid of it. */
type Create = {
  readonly namespace: string;
  readonly name: string | undefined;
  readonly about: Pick<PodRecord, 'labels' | 'demand'>;
  readonly dryRun: boolean;
  readonly startedAt: number;
};

/** What clients and the API server do with pods: create, later webhooks that deny, bind, end, delete. */
export class Admissions {
  readonly stats = { asked: 0, fits: 0, short: 0, undecided: 0, created: 0, uncharged: 0 };
  readonly #options: AdmissionsOptions;
  #uids = 0;

  constructor(options: AdmissionsOptions) {
    this.#options = options;
  }

  submit(): void {
    const { random, time, names } = this.#options;
    const hasName = random.chance(0.3);
    const isAlike = random.chance(this.#options.alike);
    this.#admit(
      {
        namespace: isAlike ? alike.namespace : random.chance(0.1) ? freeNamespace : random.pick(namespaces),
        name: hasName ? `train-${random.below(names / 3)}` : undefined,
        about: isAlike ? alike.about : { labels: random.pick(podLabels), demand: random.pick(demands) },
        dryRun: random.chance(0.05),
        startedAt: time.now,
      },
      1,
    );
  }

  #admit(create: Create, tries: number): void {
    const { random, tenants, checker, time, names } = this.#options;
    const uid = `u${++this.#uids}`;
    const { namespace, dryRun, about } = create;
    const name = create.name ?? `job-${random.below(names)}`;
    const record = { ...about, uid, namespace, name, node: '', user: '', memoryMiB: 0, version: 0 };
    const pod: SimulatedPod = {
      record,
      dryRun,
      limits: tenants.limitsOf(record),
      reservedAt: undefined,
      unreservedAt: undefined,
      createdAt: undefined,
      goneAt: undefined,
      shownAt: [],
    };
    checker.asked(pod);
    const askedAt = time.now;
    // Another replica is asked about the same pod as well: its answer does not matter, its reservation does.
    if (random.chance(0.02)) this.#ask(pod, () => undefined);
    this.#ask(pod, (result) => {
      if (result.kind === 'fits' && !dryRun && time.now - askedAt < webhookTimeoutMs) this.#allowed(pod, create, tries);
    });
  }

  #ask(pod: SimulatedPod, then: (result: ReserveResult) => void): void {
    const { random, time, replicas } = this.#options;
    const favourite = this.#options.favourite?.(time.now);
    const replica =
      (favourite === undefined ? undefined : replicas[favourite % replicas.length]) ?? random.pick(replicas);
    this.stats.asked += 1;
    time.after(random.exponential(1), () => replica.process.after(0, () => void this.#reserve(pod, replica, then)));
  }

  async #reserve(pod: SimulatedPod, replica: Replica, then: (result: ReserveResult) => void): Promise<void> {
    const { random, time, checker } = this.#options;
    const { process, ledger, number } = replica;
    const askedAt = time.now;
    let isAnswered = false;
    const expectAnswer = () => {
      const awakeAt = Math.max(askedAt, process.pausedUntil);
      const left = awakeAt + webhookTimeoutMs + mayBeLateMs - time.now;
      if (left > 0) process.after(left, expectAnswer);
      else if (!isAnswered) checker.fail(`${pod.record.uid} has no answer`);
    };
    expectAnswer();
    const deadline = process.clock.now() + webhookTimeoutMs - marginMs;
    const answer = ledger.reserve({ pod: pod.record, dryRun: pod.dryRun, deadline });
    if (!(answer instanceof Promise) && pod.limits.length === 0) {
      this.stats.uncharged += 1;
      checker.answeredAtOnce(pod, replica.delivered.whyNotNow(replica.pods.view.version()));
    }
    const result = await answer;
    isAnswered = true;
    this.stats[result.kind] += 1;
    // Later, nobody listens any more.
    if (time.now - askedAt > webhookTimeoutMs) return;
    checker.answered(pod, result, { askedAt, replica: number });
    time.after(random.exponential(1), () => then(result));
  }

  #allowed(pod: SimulatedPod, create: Create, tries: number): void {
    const { random, time, server, checker } = this.#options;
    const { namespace, name } = pod.record;
    // Another webhook, or ResourceQuota.
    if (random.chance(0.02)) return;
    const isSlow = random.chance(0.08);
    time.after(random.exponential(isSlow ? 8000 : 5), () => {
      if (server.isDown || time.now - create.startedAt > createTimeoutMs) return;
      if (server.find(namespace, name) !== undefined) {
        if (create.name === undefined && tries < maxTries) this.#admit(create, tries + 1);
        return;
      }
      this.stats.created += 1;
      server.create(pod);
      checker.created(pod);
      this.#live(pod);
    });
  }

  #live(pod: SimulatedPod): void {
    const { random, time, server, checker, meanLifeMs, shortLived } = this.#options;
    const lifeMs = Math.min(random.exponential(random.chance(shortLived) ? 10 : meanLifeMs), longestLifeMs);
    if (random.chance(0.5)) time.after(random.exponential(300), () => server.bind(pod, `node-${random.below(4)}`));
    time.after(lifeMs, () => {
      checker.gone(pod);
      if (random.chance(0.6)) return server.remove(pod);
      server.end(pod);
      time.after(random.exponential(4000), () => server.remove(pod));
    });
  }
}
