import { ledgerName } from '../../src/api/quota-ledger.ts';

const key = Buffer.from(`/registry/gpugate.dev/quotaledgers/${ledgerName}`).toString('base64');

/** The writes of the ledger in etcd: the size of each in bytes. Counted in etcd, so that no replica has to be believed. */
export type LedgerWrites = readonly number[];

type Range = { readonly header: { readonly revision: string } };
type Event = { readonly kv: { readonly value?: string; readonly mod_revision: string } };
type WatchAnswer = { readonly result?: { readonly events?: readonly Event[] } };

export async function etcdRevision(etcd: string): Promise<bigint> {
  return BigInt((await post<Range>(`${etcd}/v3/kv/range`, { key, count_only: true })).header.revision);
}

/** The writes after a revision, up to now. A watch from the past reports them afterwards, so counting disturbs nothing. */
export async function ledgerWritesSince(etcd: string, revision: bigint): Promise<LedgerWrites> {
  const { kvs = [] } = await post<{ kvs?: { mod_revision: string }[] }>(`${etcd}/v3/kv/range`, { key });
  const last = BigInt(kvs[0]?.mod_revision ?? 0);
  if (last <= revision) return [];
  const abort = new AbortController();
  const body = JSON.stringify({ create_request: { key, start_revision: String(revision + 1n) } });
  const response = await fetch(`${etcd}/v3/watch`, { method: 'POST', body, signal: abort.signal });
  const sizes: number[] = [];
  const decoder = new TextDecoder();
  if (response.body === null) throw new Error('etcd ended the watch');
  let text = '';
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    const events = lines.filter((line) => line !== '').flatMap((line) => eventsOf(line));
    sizes.push(...events.map(({ kv }) => Buffer.byteLength(kv.value ?? '', 'base64')));
    if (events.some((event) => BigInt(event.kv.mod_revision) >= last)) break;
  }
  abort.abort();
  return sizes;
}

function eventsOf(line: string): readonly Event[] {
  return (JSON.parse(line) as WatchAnswer).result?.events ?? [];
}

/** Removes pods in etcd itself: through the API server, thousands of deletes would take longer than what is measured. */
export async function removePods(etcd: string, namespace: string): Promise<void> {
  const start = `/registry/pods/${namespace}/`;
  const end = `/registry/pods/${namespace}0`;
  const of = (text: string) => Buffer.from(text).toString('base64');
  await post(`${etcd}/v3/kv/deleterange`, { key: of(start), range_end: of(end) });
}

async function post<T>(url: string, body: unknown): Promise<T> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
