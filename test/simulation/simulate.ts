import { Admissions } from './admissions.ts';
import { ApiRequests } from './api-requests.ts';
import { SimulatedApiServer } from './api-server.ts';
import { Checker } from './checker.ts';
import { Faults, type Trouble } from './faults.ts';
import { fairWeather } from './network.ts';
import { Random } from './random.ts';
import { Replica, type LedgerStats } from './replica.ts';
import { tellStory } from './story.ts';
import { createTenants } from './tenants.ts';
import { VirtualTime } from './virtual-time.ts';

export type SimulationResult = {
  readonly seed: number;
  readonly violation: string | undefined;
  readonly stats: Readonly<Record<string, number>>;
};

/** After the last fault: a watch may be silent for 95 s, and a lost ledger settles a minute after that. */
const leastCalmMs = 180_000;
/** What was reserved before that ends in another minute, once there is a leader. */
const calmMs = 400_000;

/** One cluster from its first day, on virtual time: the same seed, the same story. */
export async function simulate(seed: number, admissions: number, trouble?: Trouble): Promise<SimulationResult> {
  const random = new Random(seed);
  const story = tellStory(random, trouble);
  const { preReservations, scale, bursts } = story;
  const time = new VirtualTime();
  const server = new SimulatedApiServer();
  const checker = new Checker(time);
  const tenants = createTenants(random, scale);
  const requests = new ApiRequests(server);
  const ledgerStats: LedgerStats = { writes: 0, conflicts: 0, failures: 0, preReserved: 0 };
  const replicas: Replica[] = [];
  const climate = {
    ...fairWeather(),
    watchLagMs: random.pick([2, 2, 30, 300]),
    requestMs: random.pick([1, 1, 20, 200]),
  };
  let started = 0;
  const start = (index: number) => {
    const options = {
      number: started++,
      time,
      random,
      server,
      requests,
      tenants,
      preReservations,
      weather: { ...climate },
    };
    replicas[index] = new Replica({ ...options, stats: ledgerStats });
  };
  const restart = (index: number, afterMs: number) => {
    if (replicas[index]?.process.isAlive !== true) return;
    replicas[index].kill();
    time.after(afterMs, () => start(index));
  };

  server.listeners.add({
    podChanged: () => undefined,
    ledgerChanged: () => checker.ledgerWritten(server.ledger?.data),
  });
  const count = 1 + random.below(4);
  for (let index = 0; index < count; index++) start(index);
  const clients = new Admissions({
    time,
    random,
    server,
    tenants,
    checker,
    replicas,
    ...story,
  });
  const faults = new Faults({ trouble, time, random, server, replicas, climate, restart });
  faults.start();

  const burst = () => {
    const size = Math.min(bursts.size(), admissions - submitted);
    for (let i = 0; i < size; i++) time.after(random.exponential(bursts.spreadMs), () => clients.submit());
    submitted += size;
    faults.admitting();
    if (submitted < admissions) time.after(bursts.pauseMs(time.now), burst);
    else allSubmittedAt = time.now;
  };

  let submitted = 0;
  let allSubmittedAt: number | undefined;
  time.after(1000, burst);
  const forget = () => {
    checker.forget();
    time.after(1000, forget);
  };
  forget();

  const isViolated = () => checker.violation !== undefined;
  await time.run(Number.POSITIVE_INFINITY, () => isViolated() || allSubmittedAt !== undefined);
  faults.end();
  const calmSince = time.now;
  const isEmpty = () => server.pods.size === 0 && checker.reservations === 0;
  const isQuiet = () => time.now > calmSince + leastCalmMs && isEmpty();
  await time.run(calmSince + calmMs, () => isViolated() || isQuiet());
  if (!isViolated() && !isQuiet())
    checker.fail(`${checker.reservations} reservations are left, long after the last pod`);
  for (const { process, ledger } of replicas) {
    if (isViolated()) break;
    const left = await probe({ process, ledger, time });
    if (left !== undefined) checker.fail(left);
  }
  return {
    seed,
    violation: checker.violation,
    stats: {
      ...clients.stats,
      ...ledgerStats,
      ...checker.stats,
      steps: time.steps,
      seconds: Math.round(time.now / 1000),
    },
  };
}

/** When all is well and nothing is left, every replica admits. */
async function probe({ process, ledger, time }: Pick<Replica, 'process' | 'ledger'> & { time: VirtualTime }) {
  const demand = new Map([['nvidia.com/gpu', 1]]);
  const place = { namespace: 'proj-a-1', name: 'probe', node: '', user: '', labels: {} };
  const pod = { ...place, uid: 'probe', demand, memoryMiB: 0, version: 0 };
  let answer: string | undefined;
  const ask = async () => {
    answer = (await ledger.reserve({ pod, dryRun: true, deadline: process.clock.now() + 5000 })).kind;
  };
  process.after(0, () => void ask());
  await time.run(time.now + 10_000, () => answer !== undefined);
  return answer === 'fits' ? undefined : `a pod in an empty cluster: ${answer ?? 'no answer'}`;
}
