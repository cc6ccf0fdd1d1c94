import { isPlainObject, type PlainObject } from '../../api/plain-object.ts';
import type { ReviewedKind, WorkloadPolicy } from '../../api/workload-policy.ts';
import type { Quota } from '../../quota/rules/quota.ts';
import type { AdmissionRequest } from '../../review/decode.ts';
import type { ClusterFacts, NodeFacts } from '../../workload/cluster-facts.ts';
import { ownValue, type ObjectMeta } from '../../workload/pod.ts';
import { printable } from '../../text/printable.ts';
import { readMeta } from '../../workload/read-pod.ts';
import type { User } from '../../workload/requester.ts';
import { submitterAnnotation } from '../../quota/rules/pod-record.ts';
import type { Place } from '../report/place.ts';

/** What an audit reads: a cluster, or files that describe one. */
export type AuditSource = {
  readonly facts: ClusterFacts;
  readonly node: (name: string) => NodeFacts | undefined;
  /** In force there, sorted by name. */
  readonly policies: readonly WorkloadPolicy[];
  readonly quotas: readonly Quota[];
  /** Why a WorkloadPolicy or a TenantQuota there cannot be used; nothing is judged by it. */
  readonly problems: readonly string[];
  /** Page by page, so that memory stays bounded; some of the pods may have ended. */
  readonly objects: (kinds: readonly ReviewedKind[]) => AsyncIterable<readonly StoredObject[]>;
  /** Objects that are none of the above, such as `3 of Ingress (networking.k8s.io/v1)`. */
  readonly unknown: readonly string[];
};

/** An object that the cluster already holds, as the API server shows it. */
export type StoredObject = {
  readonly kind: ReviewedKind;
  readonly apiVersion: string;
  readonly object: PlainObject;
  /** Present if the object comes from a file in which its place is known. */
  readonly place?: () => Place;
};

/** ServiceAccounts of kube-controller-manager by the kind whose objects they create for (`controllermanager.go`). */
const controllerAccounts: ReadonlyMap<string, string> = new Map([
  ['Deployment', 'deployment-controller'],
  ['ReplicaSet', 'replicaset-controller'],
  ['StatefulSet', 'statefulset-controller'],
  ['DaemonSet', 'daemon-set-controller'],
  ['ReplicationController', 'replication-controller'],
  ['Job', 'job-controller'],
  ['CronJob', 'cronjob-controller'],
]);

/**
 * The user who probably created the object; an empty name if nothing tells. The owner reference is believed, unlike at
 * admission, because a stored object does not say who wrote it. An object with a controller was created by that
 * controller, whoever submitted the workload; an operator that we do not know counts as the controller manager.
 */
export function creatorOf({ annotations, controller }: ObjectMeta): User {
  if (controller === undefined) return { username: ownValue(annotations, submitterAnnotation) ?? '', groups: [] };
  if (controller.kind === 'Node') return { username: `system:node:${controller.name}`, groups: ['system:nodes'] };
  const account = controllerAccounts.get(controller.kind);
  if (account === undefined) return { username: 'system:kube-controller-manager', groups: [] };
  return {
    username: `system:serviceaccount:kube-system:${account}`,
    groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system'],
  };
}

/** The request that would create the object now. Throws MalformedObject if its metadata cannot be read. */
export function creationOf({ kind, apiVersion, object }: StoredObject): AdmissionRequest {
  const meta = readMeta(object);
  const slash = apiVersion.indexOf('/');
  return {
    uid: meta.uid === '' ? `${kind} ${meta.namespace}/${meta.name}` : meta.uid,
    kind,
    group: slash < 0 ? '' : apiVersion.slice(0, slash),
    resource: '',
    subResource: '',
    name: meta.name,
    namespace: meta.namespace,
    operation: 'CREATE',
    user: creatorOf(meta),
    dryRun: true,
    object: kind === 'Pod' ? withoutNode(object) : object,
    oldObject: null,
  };
}

/**
 * Every running pod has a node. If its creator set it, the managed fields say so; if the scheduler bound the pod, they do
 * not, and the pod is judged without its node.
 */
function withoutNode(pod: PlainObject): PlainObject {
  const { spec, metadata } = pod;
  if (!isPlainObject(spec) || spec['nodeName'] === undefined) return pod;
  const managed = isPlainObject(metadata) ? metadata['managedFields'] : undefined;
  if (Array.isArray(managed) && managed.some(writesNode)) return pod;
  return { ...pod, spec: { ...spec, nodeName: undefined } };
}

function writesNode(entry: unknown): boolean {
  const fields = isPlainObject(entry) ? entry['fieldsV1'] : undefined;
  const spec = isPlainObject(fields) ? fields['f:spec'] : undefined;
  return isPlainObject(spec) && 'f:nodeName' in spec;
}

/** Succeeded and Failed pods use nothing and will not run again. */
export function hasEnded({ kind, object }: StoredObject): boolean {
  const status = object['status'];
  const phase = kind === 'Pod' && isPlainObject(status) ? status['phase'] : undefined;
  return phase === 'Succeeded' || phase === 'Failed';
}

/** For messages about objects that may be malformed: empty if there is no name. */
export function nameIn({ metadata }: PlainObject): string {
  const name = isPlainObject(metadata) ? metadata['name'] : undefined;
  return typeof name === 'string' ? printable(name) : '';
}
