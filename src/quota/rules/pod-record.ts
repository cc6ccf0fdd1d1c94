import type { NodeFacts } from '../../workload/cluster-facts.ts';
import { demandOf, type Demand } from '../../workload/demand.ts';
import type { Interner } from '../../workload/interner.ts';
import { ownValue, type Labels, type Pod } from '../../workload/pod.ts';
import { podDeviceMemory, type LargestDevices } from './device-memory.ts';

/**
 * All that quotas and tables need of a pod that requests GPUs; about 300 bytes of heap, of which there may be 100,000.
 * Source: core/v1 Pod. Equal demands and labels are the same objects, see `Interner`.
 */
export type PodRecord = {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** Empty while the pod is not bound to a node. */
  readonly node: string;
  /** Who submitted it, empty when that is not known: see {@link submitterAnnotation}. */
  readonly user: string;
  /** Only those labels that some quota groups by. */
  readonly labels: Labels;
  readonly demand: Demand;
  /** Device memory of all its devices together, in MiB, by the labels of its node or of the nodes in view. */
  readonly memoryMiB: number;
  /** `metadata.resourceVersion` when it was first seen like this: a view at that version has seen the pod. */
  readonly version: number;
};

/** Carries the user who created the pod; set by the mutating webhook. */
export const submitterAnnotation = 'gpugate.dev/submitted-by';

/** All that quotas read of a pod. One pre-reservation may stand for any pod of its shape. */
export type Shape = Pick<PodRecord, 'namespace' | 'user' | 'labels' | 'demand' | 'memoryMiB'>;

export type RecordContext = {
  readonly interner: Interner;
  /** Labels that some quota groups by. */
  readonly labelKeys: ReadonlySet<string>;
  readonly largest: () => LargestDevices;
};

/** The record of a pod that exists; undefined if it requests no GPU. */
export function recordOfExisting(
  pod: Pod,
  { version, node }: { readonly version: number; readonly node: (name: string) => NodeFacts | undefined },
  context: RecordContext,
): PodRecord | undefined {
  const { meta, nodeName } = pod;
  const user = ownValue(meta.annotations, submitterAnnotation) ?? '';
  return createRecord(pod, { uid: meta.uid, name: meta.name, user, nodeName, node: node(nodeName), version }, context);
}

/**
 * The record of a pod that is being created; undefined if it requests no GPU. Offline, only the request has a uid, and
 * the API server has not generated the name.
 */
export function recordOfNew(
  pod: Pod,
  request: { readonly uid: string; readonly user: string },
  context: RecordContext,
): PodRecord | undefined {
  const { uid, name, generateName } = pod.meta;
  const identity = { uid: uid === '' ? request.uid : uid, name: name === '' ? `${generateName}*` : name };
  return createRecord(pod, { ...identity, user: request.user, nodeName: '', node: undefined, version: 0 }, context);
}

type Identity = Pick<PodRecord, 'uid' | 'name' | 'user' | 'version'> & {
  readonly nodeName: string;
  readonly node: NodeFacts | undefined;
};

function createRecord(
  pod: Pod,
  { uid, name, user, nodeName, node, version }: Identity,
  { interner, labelKeys, largest }: RecordContext,
): PodRecord | undefined {
  const found = demandOf(pod);
  if (found.size === 0) return undefined;
  const demand = interner.demand(found);
  return {
    uid,
    namespace: interner.text(pod.meta.namespace),
    name,
    node: interner.text(nodeName),
    user: interner.text(user),
    labels: interner.labels(pickLabels(pod.meta.labels, labelKeys)),
    demand,
    memoryMiB: podDeviceMemory(demand, node, largest()),
    version,
  };
}

function pickLabels(labels: Labels, keys: ReadonlySet<string>): Labels {
  const picked: Record<string, string> = {};
  for (const key of keys) {
    const value = ownValue(labels, key);
    if (value !== undefined) picked[key] = value;
  }
  return picked;
}

/** Demands and labels are compared as objects: they are interned, or come from one record. */
export function isSameShape(a: Shape, b: Shape): boolean {
  return (
    a.demand === b.demand &&
    a.labels === b.labels &&
    a.namespace === b.namespace &&
    a.user === b.user &&
    a.memoryMiB === b.memoryMiB
  );
}

/** Whether two records say the same. */
export function isSamePod(a: PodRecord, b: PodRecord): boolean {
  return a.uid === b.uid && a.node === b.node && a.name === b.name && isSameShape(a, b);
}
