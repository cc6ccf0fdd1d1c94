import type { Labels } from '../../workload/pod.ts';
import type { Demand } from '../../workload/demand.ts';

/**
 * All that quotas and tables need of a pod that asks for GPUs; about 300 bytes of heap, of which there may be 100,000.
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
  /** `metadata.resourceVersion` when it was first seen like this: whoever is at that version has seen the pod. */
  readonly version: number;
};

/** Carries the user who created the pod; set by the mutating webhook. */
export const submitterAnnotation = 'gpugate.dev/submitted-by';

/** All that quotas ask of a pod: what those that one advance may stand for have in common. */
export type Shape = Pick<PodRecord, 'namespace' | 'user' | 'labels' | 'demand' | 'memoryMiB'>;

/** Their demands and labels are interned, or come of one record. */
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
