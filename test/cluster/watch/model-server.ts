import { ApiError } from '../../../src/cluster/client/api-error.ts';
import { JsonWatchDecoder } from '../../../src/cluster/watch/json-decoder.ts';
import type { ListWatch } from '../../../src/cluster/watch/list-watch.ts';
import type { RawObject } from '../../../src/cluster/client/client.ts';
import type { Clock } from '../../../src/cluster/client/retry.ts';

/** How a watch ends before its time. */
export type WatchEnd = 'end' | 'cut' | 'gone' | 'fault';

/** What the API server does wrong until told otherwise. */
export type Fault =
  'list 500' | 'list 410' | 'page 500' | 'page 410' | 'watch 403' | 'watch 410' | 'watch silent' | WatchEnd;

type Event = { readonly type: string; readonly object: RawObject; readonly version: number };

const gone = () => new ApiError('the version asked for is too old', { status: 410, reason: 'Expired' });
const fault = () => new ApiError('etcdserver: request timed out', { status: 500 });

/** One resource of an API server with etcd's semantics: versions, pages of one version, history that is compacted. */
export class ModelServer {
  /** Requests so far. */
  requests = 0;
  /** Answered in this way for so long as it stands here. */
  readonly faults = new Set<Fault>();
  /** Of each key, every value and the version from which on it had it; undefined when it was deleted. */
  readonly past = new Map<string, { readonly version: number; readonly value: number | undefined }[]>();
  version = 1;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #objects = new Map<string, RawObject>();
  readonly #snapshots = new Map<string, readonly RawObject[]>();
  #events: Event[] = [];
  #compacted = 1;
  readonly #watches = new Set<Watch>();

  /** Of each way, there and back. */
  latencyMs = 5;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  get values(): ReadonlyMap<string, unknown> {
    return new Map([...this.#objects].map(([key, object]) => [key, object['value']]));
  }

  put(key: string, value: number): void {
    const version = ++this.version;
    const type = this.#objects.has(key) ? 'MODIFIED' : 'ADDED';
    const object = { metadata: { name: key, resourceVersion: String(version) }, value };
    this.#objects.set(key, object);
    this.#remember(key, value);
    this.#send({ type, object, version });
  }

  delete(key: string): void {
    const object = this.#objects.get(key);
    if (object === undefined) return;
    const version = ++this.version;
    this.#objects.delete(key);
    this.#remember(key, undefined);
    const metadata = { name: key, resourceVersion: String(version) };
    this.#send({ type: 'DELETED', object: { ...object, metadata }, version });
  }

  bookmark(): void {
    const object = { metadata: { resourceVersion: String(this.version) } };
    for (const watch of this.#watches) watch.send({ type: 'BOOKMARK', object });
  }

  /** History up to now is forgotten, continue tokens with it. */
  compact(): void {
    this.#compacted = this.version;
    this.#events = [];
    this.#snapshots.clear();
  }

  endWatches(how: WatchEnd): void {
    for (const watch of this.#watches) watch.close(how);
  }

  /** What is open stays open, and nothing comes through any more. */
  freezeWatches(): void {
    for (const watch of this.#watches) watch.isFrozen = true;
  }

  readonly listWatch: ListWatch = {
    list: async ({ limit, continueToken, signal, rest }, onItem) => {
      this.requests++;
      await this.#answer(signal);
      if (this.faults.has('list 500') || (continueToken !== undefined && this.faults.has('page 500'))) throw fault();
      if (this.faults.has('list 410') || (continueToken !== undefined && this.faults.has('page 410'))) throw gone();
      const token = continueToken ?? `${this.version}/0`;
      const [version = '', start = ''] = token.split('/');
      if (continueToken === undefined) this.#snapshots.set(version, [...this.#objects.values()]);
      const snapshot = this.#snapshots.get(version);
      if (snapshot === undefined) throw gone();
      const end = Number(start) + limit;
      const items = snapshot.slice(Number(start), end);
      await this.#answer(signal);
      const next = end < snapshot.length ? `${version}/${end}` : undefined;
      for (const item of items) {
        onItem(item, version);
        if (rest === undefined) continue;
        await rest();
        if (signal.aborted) throw new ApiError('aborted', { status: 0 });
      }
      return { resourceVersion: version, continueToken: next, bytes: 100 * items.length };
    },
    watch: async ({ resourceVersion, signal }) => {
      this.requests++;
      await this.#answer(signal);
      if (this.faults.has('watch 403')) throw new ApiError('forbidden', { status: 403 });
      const since = Number(resourceVersion);
      if (this.faults.has('watch 410')) throw gone();
      const watch = new Watch(this.#random, signal);
      if (since < this.#compacted) watch.close('gone');
      else for (const event of this.#events) if (event.version > since) watch.send(event);
      for (const how of ['end', 'cut', 'gone', 'fault'] as const) if (this.faults.has(how)) watch.close(how);
      watch.isFrozen = this.faults.has('watch silent');
      this.#watches.add(watch);
      signal.addEventListener('abort', () => this.#watches.delete(watch));
      return { pieces: watch, decoder: new JsonWatchDecoder() };
    },
  };

  async #answer(signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(this.latencyMs, signal);
    if (signal.aborted) throw new ApiError('aborted', { status: 0 });
  }

  #remember(key: string, value: number | undefined): void {
    const past = this.past.get(key) ?? [];
    past.push({ version: this.version, value });
    this.past.set(key, past);
  }

  #send(event: Event): void {
    this.#events.push(event);
    for (const watch of this.#watches) watch.send(event);
  }
}

/** The body of one watch, in pieces that end anywhere. */
class Watch implements AsyncIterable<Buffer> {
  isFrozen = false;
  readonly #pieces: Buffer[] = [];
  readonly #random: () => number;
  readonly #signal: AbortSignal;
  #end: WatchEnd | undefined;
  #wake: (() => void) | undefined;

  constructor(random: () => number, signal: AbortSignal) {
    this.#random = random;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wake?.());
  }

  send({ type, object }: { readonly type: string; readonly object: RawObject }): void {
    if (this.isFrozen || this.#end !== undefined) return;
    const line = Buffer.from(`${JSON.stringify({ type, object })}\n`);
    const cut = Math.floor(this.#random() * line.length);
    this.#pieces.push(line.subarray(0, cut), line.subarray(cut));
    this.#wake?.();
  }

  close(how: WatchEnd): void {
    if (this.isFrozen || this.#end !== undefined) return;
    if (how === 'gone') this.send({ type: 'ERROR', object: { code: 410, reason: 'Expired', message: 'too old' } });
    if (how === 'fault') this.send({ type: 'ERROR', object: { code: 500, message: 'no leader' } });
    this.#end = how;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      if (this.#signal.aborted) throw new DOMException('This operation was aborted', 'AbortError');
      const piece = this.#pieces.shift();
      if (piece !== undefined) yield piece;
      else if (this.#end === 'cut') throw new Error('aborted');
      else if (this.#end !== undefined) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
