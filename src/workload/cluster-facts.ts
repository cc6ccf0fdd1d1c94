import type { Labels, ResourceList } from './pod.ts';

export type NodeFacts = {
  readonly name: string;
  readonly labels: Labels;
  /** `status.allocatable`, extended resources only. */
  readonly allocatable: ResourceList;
};

/**
 * What a decision may know of the cluster. The rooms `cluster` and `files` make it; it never changes while a decision runs.
 * An unknown namespace has no entry: callers fall back to {@link unknownNamespace}.
 */
export type ClusterFacts = {
  readonly namespaceLabels: (name: string) => Labels | undefined;
  /**
   * Reads a namespace that has no entry from the API server: it may be new. Rejects when the API server does not answer.
   * Absent where there is no cluster.
   */
  readonly readNamespace?: (name: string) => Promise<Labels | undefined>;
  readonly nodes: readonly NodeFacts[];
  /** Every extended resource that at least one node offers. */
  readonly extendedResources: ReadonlySet<string>;
  /** Age of the facts in milliseconds; 0 for a file that is current. */
  readonly stalenessMs: () => number;
};

/** The one label that the API server sets on every namespace, so that selectors on it always work. */
export function unknownNamespace(name: string): Labels {
  return { 'kubernetes.io/metadata.name': name };
}
