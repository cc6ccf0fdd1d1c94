import { largestDevices, podDeviceMemory, type LargestDevices } from '../../quota/rules/device-memory.ts';
import type { PodRecord } from '../../quota/rules/pod-record.ts';
import type { Quota } from '../../quota/rules/quota.ts';
import { UsageSums, type Usage } from '../../quota/rules/usage.ts';
import { unknownNamespace, type ClusterFacts, type NodeFacts } from '../../workload/cluster-facts.ts';
import type { Labels } from '../../workload/pod.ts';
import { Interner } from '../../workload/interner.ts';
import { createNamespaceReader } from './namespace-reader.ts';
import { projectNamespace, projectNode, projectPod, type NamespaceRecord, viewResources } from './projections.ts';
import type { Reflector } from '../watch/reflector.ts';
import { createFeed, type FeedContext, type ResourceFeed } from '../watch/resource-feed.ts';
import type { Change, StoreReader } from '../watch/store.ts';

/** Called for each pod that came, changed or went, before anything else is read from the watch. */
export type PodListener = (change: Change<PodRecord>) => void;

/** What gpugate knows of the cluster: lists and watches of namespaces, nodes and pods, and sums over them. */
export class ClusterView {
  readonly usage: Usage;
  readonly pods: StoreReader<PodRecord>;
  readonly nodes: StoreReader<NodeFacts>;
  readonly namespaces: StoreReader<NamespaceRecord>;
  readonly #interner = new Interner();
  readonly #namespaces: ResourceFeed<NamespaceRecord>;
  readonly #nodes: ResourceFeed<NodeFacts>;
  readonly #pods: ResourceFeed<PodRecord>;
  readonly #index: UsageSums;
  readonly #podListeners = new Set<PodListener>();
  readonly #changeListeners = new Set<() => void>();
  readonly #readNamespace: NonNullable<ClusterFacts['readNamespace']>;
  #labelKeys: ReadonlySet<string> = new Set();
  readonly #others: Reflector[] = [];
  #facts: ClusterFacts | undefined;
  /** Undefined after nodes changed, until somebody asks. */
  #largest: LargestDevices | undefined;
  #isRevisionDue = false;
  #areLabelsMissing = false;
  #progressListeners: (() => void)[] = [];

  constructor(context: FeedContext, { podPageSize }: { podPageSize?: number } = {}) {
    this.#readNamespace = createNamespaceReader(context.client, this.#interner);
    this.#index = new UsageSums((name) => this.#labelsOf(name));
    this.#namespaces = createFeed(
      {
        ...viewResources.namespaces,
        project: (raw) => projectNamespace(raw, this.#interner),
        onChange: (change) => this.#namespaceChanged(change),
      },
      context,
    );
    this.#nodes = createFeed(
      {
        ...viewResources.nodes,
        project: (raw) => projectNode(raw, this.#interner),
        onChange: () => this.#nodeChanged(),
      },
      context,
    );
    this.#pods = createFeed(
      {
        ...viewResources.pods,
        project: (raw) => projectPod(raw, this.#projection()),
        onChange: (change) => this.#podChanged(change),
        onProgress: (isList) => this.#podsProgressed(isList),
        isAwaited: () => this.#progressListeners.length > 0,
        ...(podPageSize === undefined ? {} : { pageSize: podPageSize }),
      },
      context,
    );
    this.usage = this.#index.usage;
    this.pods = this.#pods.store;
    this.nodes = this.#nodes.store;
    this.namespaces = this.#namespaces.store;
  }

  /** Runs until the signal is aborted; never rejects. Pods are listed only when `quotas` are known. */
  async run(signal: AbortSignal, quotas: Promise<void> = Promise.resolve()): Promise<void> {
    const first = [this.#namespaces.reflector.run(signal), this.#nodes.reflector.run(signal)];
    // A pod is charged by the labels of its namespace and of its node, so these come first.
    await Promise.race([
      Promise.all([this.#namespaces.reflector.synced, this.#nodes.reflector.synced, quotas]),
      Promise.all(first),
    ]);
    await Promise.all([...first, this.#pods.reflector.run(signal)]);
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

  /** From now on, the age of the view includes this watch. */
  countStalenessOf(reflector: Reflector): void {
    this.#others.push(reflector);
  }

  /** The facts for one decision. They never change: a newer state is another object. Undefined until synced. */
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

  /** The version of the pods in view; undefined while any of them may lack a label that quotas group by. */
  readonly podVersion = (): bigint | undefined => {
    const version = this.#pods.reflector.resourceVersion;
    return version === undefined || this.#areLabelsMissing ? undefined : BigInt(version);
  };

  /** The listener is called once, when `podVersion` next changes. */
  readonly onPodProgress = (listener: () => void): void => void this.#progressListeners.push(listener);

  /** The newest largest devices in view, see {@link LargestDevices}. */
  readonly largest = (): LargestDevices => this.#largestDevices();

  /** Labels of pods that quotas group by. */
  get groupLabels(): ReadonlySet<string> {
    return this.#labelKeys;
  }
  readonly namespaceLabels = (name: string): Labels => this.#labelsOf(name);

  /** Lists pods again, although nothing failed. */
  relistPods(): void {
    this.#pods.reflector.relist();
  }

  /** Groups pods by these quotas from now on. A new pod label to group by costs a relist. */
  setQuotas(quotas: readonly Quota[]): void {
    const keys = new Set(quotas.flatMap(({ podLabel }) => podLabel ?? []));
    const isNew = [...keys].some((key) => !this.#labelKeys.has(key));
    this.#labelKeys = keys;
    if (isNew) {
      this.#areLabelsMissing = this.#pods.reflector.resourceVersion !== undefined;
      this.relistPods();
    }
    this.#index.setQuotas(quotas, this.#pods.store.values());
  }

  /** The listener is called at once for each pod. Returns a function that removes it. */
  onPod(listener: PodListener): () => void {
    this.#podListeners.add(listener);
    return () => this.#podListeners.delete(listener);
  }

  /** The listener is called after every change, at once and often: debounce what is slow. */
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

  #podsProgressed(isList: boolean): void {
    // A list that began before the labels were needed is followed by another one.
    if (isList && !this.#pods.reflector.isRelistDue) this.#areLabelsMissing = false;
    const listeners = this.#progressListeners;
    this.#progressListeners = [];
    for (const listener of listeners) listener();
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

  /** Rare: kubelets report every 10 s, but labels and allocatable devices seldom change. */
  #nodeChanged(): void {
    this.#facts = undefined;
    this.#largest = undefined;
    this.#changed();
    if (this.#isRevisionDue || this.#pods.store.size() === 0) return;
    // Once for all nodes that change together: otherwise a list of 5,000 nodes would visit all pods 5,000 times.
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
}
