import { largestDevices, podDeviceMemory, type LargestDevices } from '../quota/device-memory.ts';
import { isSamePod, type PodRecord } from '../quota/pod-record.ts';
import type { Quota } from '../quota/quota.ts';
import { UsageSums, type Usage } from '../quota/usage.ts';
import { unknownNamespace, type ClusterFacts, type NodeFacts } from '../workload/cluster-facts.ts';
import type { Labels } from '../workload/pod.ts';
import { ApiError } from './api-error.ts';
import { Interner } from './interner.ts';
import type { RawObject } from './raw-object.ts';
import { isSameNamespace, isSameNode, projectNamespace, projectNode, projectPod } from './projections.ts';
import type { NamespaceRecord } from './projections.ts';
import { namespaceShape, nodeShape, podShape } from './protobuf/messages.ts';
import type { Reflector } from './reflector.ts';
import { createFeed, type FeedContext, type ResourceFeed } from './resource-feed.ts';
import type { Change, StoreReader } from './store.ts';

/** A pod that came, changed or went, at once: before anything else is read from the watch. */
export type PodListener = (change: Change<PodRecord>) => void;

/** A namespace that was made a moment ago is asked for while its first pod waits. */
const namespaceTimeoutMs = 2000;

/** What gpugate knows of the cluster: lists and watches of namespaces, nodes and pods, and sums over them. */
export class ClusterView {
  readonly #context: FeedContext;
  readonly #interner = new Interner();
  readonly #namespaces: ResourceFeed<NamespaceRecord>;
  readonly #nodes: ResourceFeed<NodeFacts>;
  readonly #pods: ResourceFeed<PodRecord>;
  readonly #index: UsageSums;
  readonly #podListeners = new Set<PodListener>();
  readonly #changeListeners = new Set<() => void>();
  readonly #reads = new Map<string, Promise<Labels | undefined>>();
  #labelKeys: ReadonlySet<string> = new Set();
  readonly #others: Reflector[] = [];
  #facts: ClusterFacts | undefined;
  /** Undefined after nodes changed, until somebody asks. */
  #largest: LargestDevices | undefined;
  #isRevisionDue = false;

  constructor(context: FeedContext, { podPageSize }: { podPageSize?: number } = {}) {
    this.#context = context;
    this.#index = new UsageSums((name) => this.#labelsOf(name));
    this.#namespaces = createFeed(
      {
        resource: 'namespaces',
        path: '/api/v1/namespaces',
        shape: namespaceShape,
        key: nameOf,
        project: (raw) => projectNamespace(raw, this.#interner),
        isSame: isSameNamespace,
        onChange: (change) => this.#namespaceChanged(change),
      },
      context,
    );
    this.#nodes = createFeed(
      {
        resource: 'nodes',
        path: '/api/v1/nodes',
        shape: nodeShape,
        key: nameOf,
        project: (raw) => projectNode(raw, this.#interner),
        isSame: isSameNode,
        onChange: () => this.#nodeChanged(),
      },
      context,
    );
    this.#pods = createFeed(
      {
        resource: 'pods',
        path: '/api/v1/pods',
        shape: podShape,
        // The end of a pod becomes a DELETED event; those that ended before are never sent.
        fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed',
        key: uidOf,
        project: (raw) => projectPod(raw, this.#projection()),
        isSame: isSamePod,
        onChange: (change) => this.#podChanged(change),
        ...(podPageSize === undefined ? {} : { pageSize: podPageSize }),
      },
      context,
    );
  }

  /** Runs until the signal is aborted; never rejects. Pods are listed only when `quotas` are known. */
  async run(signal: AbortSignal, quotas: Promise<void> = Promise.resolve()): Promise<void> {
    const ground = [this.#namespaces.reflector.run(signal), this.#nodes.reflector.run(signal)];
    // A pod is charged by the labels of its namespace and of its node: these come first.
    await Promise.race([
      Promise.all([this.#namespaces.reflector.synced, this.#nodes.reflector.synced, quotas]),
      Promise.all(ground),
    ]);
    await Promise.all([...ground, this.#pods.reflector.run(signal)]);
  }

  /** Resolves when the first lists are complete. */
  get synced(): Promise<void> {
    return this.#pods.reflector.synced;
  }

  /** Age of the oldest watch: how long ago the API server was last heard of. Infinity until synced. */
  readonly stalenessMs = (): number =>
    Math.max(
      this.#namespaces.reflector.stalenessMs(),
      this.#nodes.reflector.stalenessMs(),
      this.#pods.reflector.stalenessMs(),
      ...this.#others.map((reflector) => reflector.stalenessMs()),
    );

  /** What else is watched counts for the age of the view from now on. */
  countStalenessOf(reflector: Reflector): void {
    this.#others.push(reflector);
  }

  /** What one decision reads: it never changes, a newer state is another object. Undefined until synced. */
  readonly facts = (): ClusterFacts | undefined => {
    if (this.#facts !== undefined || !Number.isFinite(this.stalenessMs())) return this.#facts;
    const nodes = Object.freeze([...this.#nodes.store.values()]);
    this.#facts = Object.freeze({
      namespaceLabels: (name: string) => this.#namespaces.store.get(name)?.labels,
      readNamespace: this.#readNamespace,
      nodes,
      extendedResources: new Set(nodes.flatMap(({ allocatable }) => Object.keys(allocatable))),
      stalenessMs: this.stalenessMs,
    });
    return this.#facts;
  };

  get usage(): Usage {
    return this.#index.usage;
  }

  get pods(): StoreReader<PodRecord> {
    return this.#pods.store;
  }

  get nodes(): StoreReader<NodeFacts> {
    return this.#nodes.store;
  }

  get namespaces(): StoreReader<NamespaceRecord> {
    return this.#namespaces.store;
  }

  /** The resourceVersion up to which pods are known. */
  get podVersion(): string | undefined {
    return this.#pods.reflector.resourceVersion;
  }

  /** Lists pods anew, although nothing failed. */
  relistPods(): void {
    this.#pods.reflector.relist();
  }

  /** Pods are grouped by these quotas from now on. A new pod label to group by costs a relist. */
  setQuotas(quotas: readonly Quota[]): void {
    const keys = new Set(quotas.flatMap(({ podLabel }) => podLabel ?? []));
    const isNew = [...keys].some((key) => !this.#labelKeys.has(key));
    this.#labelKeys = keys;
    if (isNew) this.relistPods();
    this.#index.setQuotas(quotas, this.#pods.store.values());
  }

  /** Called at once for each pod; returns the way to end it. */
  onPod(listener: PodListener): () => void {
    this.#podListeners.add(listener);
    return () => this.#podListeners.delete(listener);
  }

  /** Called after any change, at once and often: debounce what is slow. */
  onChange(listener: () => void): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  #projection() {
    return {
      interner: this.#interner,
      labelKeys: this.#labelKeys,
      node: (name: string) => this.#nodes.store.get(name),
      largest: () => this.#largestDevices(),
    };
  }

  #labelsOf(namespace: string): Labels {
    return this.#namespaces.store.get(namespace)?.labels ?? unknownNamespace(namespace);
  }

  #podChanged(change: Change<PodRecord>): void {
    if (change.before !== undefined) this.#index.remove(change.before);
    if (change.after !== undefined) this.#index.add(change.after);
    for (const listener of this.#podListeners) listener(change);
    this.#changed();
  }

  #namespaceChanged({ before, after }: Change<NamespaceRecord>): void {
    const name = (after ?? before)?.name ?? '';
    const pods = [...this.#pods.store.values()].filter((pod) => pod.namespace === name);
    this.#index.regroup(pods, before?.labels ?? unknownNamespace(name), after?.labels ?? unknownNamespace(name));
    this.#changed();
  }

  /** Rare: kubelets report every 10 s, but labels and allocatable devices stay. */
  #nodeChanged(): void {
    this.#facts = undefined;
    this.#largest = undefined;
    this.#changed();
    if (this.#isRevisionDue || this.#pods.store.size() === 0) return;
    // Once for all nodes that change in one turn: a list of 5,000 nodes would go over all pods 5,000 times.
    this.#isRevisionDue = true;
    setImmediate(() => {
      this.#isRevisionDue = false;
      this.#revisePods();
    });
  }

  #revisePods(): void {
    for (const pod of [...this.#pods.store.values()]) {
      const memoryMiB = podDeviceMemory(pod.demand, this.#nodes.store.get(pod.node), this.#largestDevices());
      if (memoryMiB !== pod.memoryMiB) this.#pods.revise(pod.uid, { ...pod, memoryMiB });
    }
  }

  #largestDevices(): LargestDevices {
    this.#largest ??= largestDevices(this.#nodes.store.values());
    return this.#largest;
  }

  #changed(): void {
    for (const listener of this.#changeListeners) listener();
  }

  readonly #readNamespace = (name: string): Promise<Labels | undefined> => {
    const running = this.#reads.get(name);
    if (running !== undefined) return running;
    const read = this.#fetchNamespace(name).finally(() => this.#reads.delete(name));
    this.#reads.set(name, read);
    return read;
  };

  async #fetchNamespace(name: string): Promise<Labels | undefined> {
    try {
      const path = `/api/v1/namespaces/${encodeURIComponent(name)}`;
      const raw = await this.#context.client.request({
        method: 'GET',
        path,
        timeoutMs: namespaceTimeoutMs,
        once: true,
      });
      return projectNamespace(raw as RawObject, this.#interner).labels;
    } catch (error) {
      if (error instanceof ApiError && error.isNotFound) return undefined;
      throw error;
    }
  }
}

function metaOf(object: RawObject): RawObject {
  return (object['metadata'] ?? {}) as RawObject;
}

function nameOf(object: RawObject): string {
  return String(metaOf(object)['name']);
}

function uidOf(object: RawObject): string {
  return String(metaOf(object)['uid']);
}
