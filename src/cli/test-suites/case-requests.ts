import type { AdmissionRequest } from '../../admission/review.ts';
import type { PlainObject } from '../../api/plain-object.ts';
import type { User } from '../../workload/requester.ts';
import { readMeta } from '../../workload/read-pod.ts';

export type RequestFields = {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly user: User;
  /** Of an object that names none. */
  readonly namespace: string;
  readonly oldObject?: PlainObject;
  readonly uid: string;
};

/** What the API server would ask about an object that a user writes. */
export function requestsOf(
  object: PlainObject,
  { operation, user, namespace: defaultNamespace, oldObject, uid }: RequestFields,
): readonly AdmissionRequest[] {
  const apiVersion = String(object['apiVersion']);
  const kind = String(object['kind']);
  const { name, namespace: own } = readMeta(object);
  const namespace = own === '' ? defaultNamespace : own;
  const written = placed(object, namespace);
  return [
    {
      uid,
      kind,
      group: apiVersion.slice(0, Math.max(0, apiVersion.indexOf('/'))),
      resource: `${kind.toLowerCase()}s`,
      subResource: '',
      name,
      namespace,
      operation,
      user,
      dryRun: false,
      object: operation === 'DELETE' ? null : written,
      oldObject: operation === 'DELETE' ? written : oldObject === undefined ? null : placed(oldObject, namespace),
    },
  ];
}

/** As the API server fills it in before it asks. */
function placed(object: PlainObject, namespace: string): PlainObject {
  const metadata = (object['metadata'] ?? {}) as PlainObject;
  return metadata['namespace'] === undefined ? { ...object, metadata: { ...metadata, namespace } } : object;
}
