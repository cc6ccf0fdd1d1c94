import type { StoredLedger } from '../../src/quota/ledger/ledger-copy.ts';
import type { LivePods } from '../../src/quota/ledger/ledger-view.ts';
import type { PodRecord } from '../../src/quota/rules/pod-record.ts';
import type { Limit } from './tenants.ts';

/** A pod as the checker follows it, from its request to its end; all times are of the simulation. */
export type SimulatedPod = {
  readonly record: PodRecord;
  readonly dryRun: boolean;
  /** What it counts against, by the checker's own arithmetic. */
  readonly limits: readonly Limit[];
  /** From when and until when the ledger in etcd held a reservation for it. */
  reservedAt: number | undefined;
  unreservedAt: number | undefined;
  createdAt: number | undefined;
  goneAt: number | undefined;
  /** When each replica was first shown it, with a new number after each restart; Infinity: its watch never shows it. */
  readonly shownAt: (number | undefined)[];
};

export type PodEvent = { readonly version: number; readonly pod: SimulatedPod; readonly record: PodRecord | undefined };

export type ServerListener = {
  readonly podChanged: () => void;
  readonly ledgerChanged: () => void;
};

/** etcd and the API server in one: everything happens at once here, and what is slow is the way to it. */
export class SimulatedApiServer {
  revision = 1000;
  isDown = false;
  ledger: StoredLedger | undefined;
  /** In order of their versions, as every watch tells them. */
  readonly events: PodEvent[] = [];
  /** Of those that exist and have not ended, as last written. */
  readonly pods = new Map<string, { readonly pod: SimulatedPod; record: PodRecord }>();
  readonly listeners = new Set<ServerListener>();
  readonly #ended = new Set<string>();
  readonly #uidByName = new Map<string, string>();

  create(pod: SimulatedPod): void {
    this.#uidByName.set(keyOf(pod), pod.record.uid);
    this.#put(pod, { ...pod.record, version: ++this.revision });
  }

  bind(pod: SimulatedPod, node: string): void {
    const current = this.pods.get(pod.record.uid);
    if (current !== undefined) this.#put(pod, { ...current.record, node, version: ++this.revision });
  }

  /** Succeeded or Failed: the object stays, and counts no more. */
  end(pod: SimulatedPod): void {
    this.#ended.add(pod.record.uid);
    this.pods.delete(pod.record.uid);
    this.#tell({ version: ++this.revision, pod, record: undefined });
  }

  remove(pod: SimulatedPod): void {
    this.#uidByName.delete(keyOf(pod));
    if (this.#ended.delete(pod.record.uid)) this.revision += 1;
    else {
      this.pods.delete(pod.record.uid);
      this.#tell({ version: ++this.revision, pod, record: undefined });
    }
  }

  /** Of the object of that name, whether or not it has ended. */
  find(namespace: string, name: string): { readonly uid: string; readonly phase: string } | undefined {
    const uid = this.#uidByName.get(`${namespace}/${name}`);
    return uid === undefined ? undefined : { uid, phase: this.#ended.has(uid) ? 'Succeeded' : 'Running' };
  }

  /** Of all namespaces, when none is named. */
  livePods(namespaces?: readonly string[]): LivePods {
    const pods = new Map<string, bigint>();
    for (const { record } of this.pods.values()) {
      if (namespaces?.includes(record.namespace) !== false) pods.set(record.uid, BigInt(record.version));
    }
    return { version: BigInt(this.revision), pods };
  }

  putLedger(data: string): StoredLedger {
    const revision = ++this.revision;
    this.ledger = { data, version: String(revision), revision: BigInt(revision) };
    for (const { ledgerChanged } of this.listeners) ledgerChanged();
    return this.ledger;
  }

  deleteLedger(): void {
    this.revision += 1;
    this.ledger = undefined;
    for (const { ledgerChanged } of this.listeners) ledgerChanged();
  }

  #put(pod: SimulatedPod, record: PodRecord): void {
    this.pods.set(record.uid, { pod, record });
    this.#tell({ version: record.version, pod, record });
  }

  #tell(event: PodEvent): void {
    this.events.push(event);
    for (const { podChanged } of this.listeners) podChanged();
  }
}

function keyOf({ record }: SimulatedPod): string {
  return `${record.namespace}/${record.name}`;
}
