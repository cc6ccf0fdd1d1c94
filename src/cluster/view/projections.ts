import { isSamePod, recordOfExisting, type PodRecord, type RecordContext } from '../../quota/rules/pod-record.ts';
import { type NodeFacts, unknownNamespace } from '../../workload/cluster-facts.ts';
import { ownValue, type Labels, type Pod } from '../../workload/pod.ts';
import { isExtendedResource } from '../../workload/resource-names.ts';
import { nodeFields, objectFields, podFields } from '../../workload/object-fields.ts';
import { fieldReader } from '../../workload/read-fields.ts';
import { readMeta, readPod } from '../../workload/read-pod.ts';
import type { Interner } from '../../workload/interner.ts';
import { type RawObject, nameOf, uidOf } from '../client/client.ts';
import { shapeOf } from '../protobuf/shape.ts';

/** What of each object is kept: the few fields that rules, quotas and tables read. */

export type NamespaceRecord = { readonly name: string; readonly labels: Labels };

export type PodProjection = RecordContext & { readonly node: (name: string) => NodeFacts | undefined };

/** Undefined for a pod that requests no GPU, and for one that has ended. */
export function projectPod(raw: RawObject, projection: PodProjection): PodRecord | undefined {
  const pod = readPod(raw);
  if (hasEnded(pod)) return undefined;
  // Revisions of etcd are far below 2^53.
  const version = Number(pod.meta.resourceVersion);
  return recordOfExisting(pod, { version, node: projection.node }, projection);
}

/** Succeeded and Failed pods use nothing; of Unknown ones nobody knows, so that they count. */
function hasEnded({ phase }: Pod): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

const readNodeFields = fieldReader(nodeFields);

export function projectNode(raw: RawObject, interner: Interner): NodeFacts {
  const { metadata, status } = readNodeFields(raw);
  const extended = Object.entries(status?.allocatable ?? {}).filter(([resource]) => isExtendedResource(resource));
  return Object.freeze({
    name: metadata?.name ?? '',
    labels: internValues(Object.entries(metadata?.labels ?? {}), interner),
    allocatable: internValues(extended, interner),
  });
}

/** Every node has labels of its own, but most of the 60 have the same value on many nodes. */
function internValues(entries: readonly (readonly [string, string])[], interner: Interner): Labels {
  return Object.freeze(Object.fromEntries(entries.map(([key, text]) => [key, interner.text(text)])));
}

export function isSameNode(a: NodeFacts, b: NodeFacts): boolean {
  return a.name === b.name && isSameMap(a.labels, b.labels) && isSameMap(a.allocatable, b.allocatable);
}

function isSameMap(a: Labels, b: Labels): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === ownValue(b, key));
}

export function projectNamespace(raw: RawObject, interner: Interner): NamespaceRecord {
  const { name, labels } = readMeta(raw);
  return Object.freeze({ name, labels: interner.labels({ ...labels, ...unknownNamespace(name) }) });
}

export function isSameNamespace(a: NamespaceRecord, b: NamespaceRecord): boolean {
  return a.labels === b.labels && a.name === b.name;
}

/** What the view lists and watches, and when an object counts as unchanged. */
export const viewResources = {
  namespaces: {
    resource: 'namespaces',
    path: '/api/v1/namespaces',
    shape: shapeOf(objectFields),
    key: nameOf,
    isSame: isSameNamespace,
  },
  nodes: { resource: 'nodes', path: '/api/v1/nodes', shape: shapeOf(nodeFields), key: nameOf, isSame: isSameNode },
  pods: {
    resource: 'pods',
    path: '/api/v1/pods',
    shape: shapeOf(podFields),
    // The end of a pod becomes a DELETED event; those that ended before are never sent.
    fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed',
    key: uidOf,
    isSame: isSamePod,
  },
} as const;
