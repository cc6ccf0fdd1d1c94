import { setTimeout as sleep } from 'node:timers/promises';
import { probe } from './serve-process.ts';
import { startTcpBalancer } from './tcp-balancer.ts';

type Replica = { readonly port: number; readonly opsPort: number };

/**
 * A Service with its endpoints: new connections go to the replicas that are Ready, as known some time ago. Connections
 * that exist stay where they are, and one to a replica that has gone is refused.
 */
export type Endpoints = {
  /** Of the Service. */
  readonly port: number;
  /** Asked for its readiness from now on. */
  add(replica: Replica): void;
  /** Resolves when new connections go to it. */
  untilIncluded(replica: Replica): Promise<void>;
  close(): Promise<void>;
};

export type EndpointsOptions = {
  readonly probeEveryMs?: number;
  /** Until every node has heard of a change. */
  readonly spreadMs?: number;
};

/** A probe on its way to somebody who has ended; three of them failed. */
const goneAfter = 3;
const lookEveryMs = 20;

/** By default every tenth of a second, and a second to spread: what kube-proxy needs in a cluster that is not large. */
export async function startEndpoints({
  probeEveryMs = 100,
  spreadMs = 1000,
}: EndpointsOptions = {}): Promise<Endpoints> {
  const balancer = await startTcpBalancer([], { passesOver: false });
  const replicas = new Map<Replica, { isReady: boolean; silences: number }>();
  let included: ReadonlySet<Replica> = new Set();
  const over = new AbortController();
  const timers = new Set<NodeJS.Timeout>();

  const spread = () => {
    const ready = new Set([...replicas].filter(([, { isReady }]) => isReady).map(([replica]) => replica));
    const timer = setTimeout(() => {
      timers.delete(timer);
      included = ready;
      balancer.setTargets([...ready].map(({ port }) => port));
    }, spreadMs);
    timers.add(timer);
  };
  const look = async (replica: Replica): Promise<void> => {
    const state = replicas.get(replica);
    if (state === undefined) return;
    const { status } = await probe(replica.opsPort, '/readyz');
    state.silences = status === 0 ? state.silences + 1 : 0;
    if (state.silences >= goneAfter) replicas.delete(replica);
    const isReady = status === 200;
    if (isReady === state.isReady) return;
    state.isReady = isReady;
    spread();
  };
  const probing = (async () => {
    while (!over.signal.aborted) {
      await Promise.all([...replicas.keys()].map(look));
      await sleep(probeEveryMs, undefined, { signal: over.signal }).catch(() => undefined);
    }
  })();

  return {
    port: balancer.port,
    add: (replica) => void replicas.set(replica, { isReady: false, silences: 0 }),
    untilIncluded: async (replica) => {
      while (!included.has(replica)) {
        if (over.signal.aborted) throw new Error('the endpoints are closed');
        await sleep(lookEveryMs);
      }
    },
    close: async () => {
      over.abort();
      await probing;
      for (const timer of timers) clearTimeout(timer);
      await balancer.close();
    },
  };
}
