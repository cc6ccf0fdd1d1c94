import { isSamePod, recordOfExisting, type PodRecord, type RecordContext } from '../../quota/rules/pod-record.ts';
import { type NodeFacts, unknownNamespace } from '../../workload/cluster-facts.ts';
import { ownValue, type Labels } from '../../workload/pod.ts';
import { isExtendedResource } from '../../workload/resource-names.ts';
import { readMeta, readPod } from '../../workload/read-pod.ts';
import { readObject, readQuantities } from '../../workload/read-field.ts';
import type { Interner } from '../../workload/interner.ts';
import { type RawObject, nameOf, uidOf } from '../client/client.ts';
import { namespaceShape, nodeShape, podShape } from '../protobuf/messages.ts';

/** What of each object is kept: the few fields that rules, quotas and tables read. */

export type NamespaceRecord = { readonly name: string; readonly labels: Labels };

export type PodProjection = RecordContext & { readonly node: (name: string) => NodeFacts | undefined };

/** Undefined for a pod that requests no GPU, and for one that has ended. */
export function projectPod(raw: RawObject, projection: PodProjection): PodRecord | undefined {
  const record = recordOfExisting(readPod(raw), { version: versionOf(raw), node: projection.node }, projection);
  return record === undefined || hasEnded(raw) ? undefined : record;
}

/** Revisions of etcd: far below 2^53. */
function versionOf(raw: RawObject): number {
  return Number((raw['metadata'] as RawObject)['resourceVersion'] ?? 0);
}

/** Succeeded and Failed pods use nothing; of Unknown ones nobody knows, so that they count. */
function hasEnded(raw: RawObject): boolean {
  const phase = readObject(raw['status'], 'status')?.['phase'];
  return phase === 'Succeeded' || phase === 'Failed';
}

export function projectNode(raw: RawObject, interner: Interner): NodeFacts {
  const { name, labels } = readMeta(raw);
  const status = readObject(raw['status'], 'status') ?? {};
  const allocatable = readQuantities(status['allocatable'], 'status.allocatable');
  const extended = Object.entries(allocatable).filter(([resource]) => isExtendedResource(resource));
  return Object.freeze({
    name,
    labels: internValues(Object.entries(labels), interner),
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
    shape: namespaceShape,
    key: nameOf,
    isSame: isSameNamespace,
  },
  nodes: { resource: 'nodes', path: '/api/v1/nodes', shape: nodeShape, key: nameOf, isSame: isSameNode },
  pods: {
    resource: 'pods',
    path: '/api/v1/pods',
    shape: podShape,
    // The end of a pod becomes a DELETED event; those that ended before are never sent.
    fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed',
    key: uidOf,
    isSame: isSamePod,
  },
} as const;
