import { setTimeout as sleep } from 'node:timers/promises';

/** One pod as etcd saw it; times are when we were told, in monotonic milliseconds. */
export type PodLife = { readonly key: string; readonly createdAt: number; goneAt: number | undefined };

/** The truth: what etcd holds, in its own order, past every cache of the API server and through its restarts. */
export type EtcdPods = {
  /** Every pod ever seen, by `namespace/name`; the tests give each pod a name of its own. */
  readonly lives: ReadonlyMap<string, PodLife>;
  /** How many there are now. */
  readonly count: () => number;
  /** The most there ever were at once. */
  readonly most: () => number;
  /** Resolves when the count is etcd's own; to be asked when nothing is written any more. */
  readonly caughtUp: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

const prefix = '/registry/pods/';
const base64 = (text: string) => Buffer.from(text).toString('base64');

type WatchAnswer = {
  readonly result?: {
    readonly events?: readonly {
      /** Absent for what was written. */
      readonly type?: 'DELETE';
      readonly kv: { readonly key: string; readonly version?: string };
    }[];
  };
};

/**
 * Counts the pods of the namespaces that begin so. By the JSON gateway of etcd:
 * https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/
 */
export async function watchEtcdPods(etcd: string, namespacePrefix: string): Promise<EtcdPods> {
  const start = `${prefix}${namespacePrefix}`;
  const end = `${start.slice(0, -1)}${String.fromCodePoint((start.codePointAt(start.length - 1) ?? 0) + 1)}`;
  const range = { key: base64(start), range_end: base64(end) };
  const lives = new Map<string, PodLife>();
  let alive = 0;
  let most = 0;
  const created = (key: string) => {
    lives.set(key, { key, createdAt: performance.now(), goneAt: undefined });
    most = Math.max(most, ++alive);
  };
  const gone = (key: string) => {
    const life = lives.get(key);
    if (life === undefined || life.goneAt !== undefined) return;
    life.goneAt = performance.now();
    alive--;
  };
  const nameOf = (key: string) => Buffer.from(key, 'base64').toString().slice(prefix.length);

  const listed = await post<{ header: { revision: string }; kvs?: { key: string }[] }>(`${etcd}/v3/kv/range`, {
    ...range,
    keys_only: true,
  });
  for (const { key } of listed.kvs ?? []) created(nameOf(key));
  const abort = new AbortController();
  const body = JSON.stringify({
    create_request: { ...range, start_revision: String(BigInt(listed.header.revision) + 1n) },
  });
  const response = await fetch(`${etcd}/v3/watch`, { method: 'POST', body, signal: abort.signal });
  if (response.body === null) throw new Error('etcd ended the watch');
  const reading = readLines(response.body, (line) => {
    const { result } = JSON.parse(line) as WatchAnswer;
    for (const { type, kv } of result?.events ?? []) {
      if (type === 'DELETE') gone(nameOf(kv.key));
      else if (kv.version === '1') created(nameOf(kv.key));
    }
  }).catch((error: unknown) => {
    if (!abort.signal.aborted) throw error;
  });

  return {
    lives,
    count: () => alive,
    most: () => most,
    caughtUp: async () => {
      // A watch says nothing of revisions that are not its own: it is there when it counts what etcd counts.
      const isThere = async () => {
        const { count } = await post<{ count?: string }>(`${etcd}/v3/kv/range`, { ...range, count_only: true });
        return Number(count ?? 0) === alive;
      };
      while (!(await isThere())) await sleep(20);
    },
    stop: async () => {
      abort.abort();
      await reading;
    },
  };
}

async function post<T>(url: string, body: unknown): Promise<T> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

async function readLines(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<void> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') onLine(line);
  }
}
