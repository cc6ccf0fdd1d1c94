import { isPlainObject, type PlainObject } from '../../api/plain-object.ts';
import type { ReviewedKind } from '../../api/workload-policy.ts';
import type { AdmissionRequest } from '../../review/decode.ts';
import type { ObjectMeta } from '../../workload/pod.ts';
import { printable } from '../../text/printable.ts';
import { readMeta } from '../../workload/read-pod.ts';
import type { User } from '../../workload/requester.ts';
import { ownValue } from '../../workload/pod.ts';
import { submitterAnnotation } from '../../quota/rules/pod-record.ts';
import type { Place } from '../report/report.ts';

/** An object that the cluster holds already, as the API server shows it. */
export type StoredObject = {
  readonly kind: ReviewedKind;
  readonly apiVersion: string;
  readonly object: PlainObject;
  /** Where it stands, when it came out of a file that says so. */
  readonly place?: () => Place;
};

/** ServiceAccounts of kube-controller-manager, by what they own (`pkg/controlplane/.../controllermanager.go`). */
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
 * Who is likely to have created the object; an empty name when nothing tells. The owner is believed, as it is not at
 * admission: a stored object does not say who wrote it. What a controller made was created by that controller, whoever
 * submitted the workload; an operator that we do not know stands for itself by the name of the controller manager.
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

/** The request that would create the object anew, now. Throws MalformedObject for what has no readable metadata. */
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
 * Every pod that runs has a node, and only of one that its creator had placed the managed fields say so: a binding
 * leaves no trace there.
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

/** For messages about objects that may be malformed: empty where there is no name. */
export function nameIn({ metadata }: PlainObject): string {
  const name = isPlainObject(metadata) ? metadata['name'] : undefined;
  return typeof name === 'string' ? printable(name) : '';
}
