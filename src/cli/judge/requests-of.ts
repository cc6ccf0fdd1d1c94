import type { PlainObject } from '../../api/plain-object.ts';
import type { ReviewedKind } from '../../api/workload-policy.ts';
import { admissionReview, describeIssue, type AdmissionRequest } from '../../review/decode.ts';
import { resourcesOf } from '../manifests/webhook-configurations.ts';
import type { User } from '../../workload/requester.ts';
import { createdObjects, type CreatedObjects } from './created-objects.ts';
import { kindOfObject, metaText } from './known-kinds.ts';

/** A request to the webhooks that applying an object leads to. */
export type ObjectRequest = {
  readonly request: AdmissionRequest;
  /** `pod proj-a/job-7-train`, or `pods of deployment proj-a/web`. */
  readonly name: string;
  /** The field that describes the object of the request, such as `spec.template`; empty: the object itself. */
  readonly path: string;
  /** How many equal objects there will be. */
  readonly count: CreatedObjects['count'];
};

export type ObjectRequests = {
  /** Empty if no webhook of gpugate is called for the object. */
  readonly requests: readonly ObjectRequest[];
  /** `configmap proj-a/settings`. */
  readonly name: string;
  /** Why nothing is judged. */
  readonly note?: string;
  /** Why no cluster accepts the object. */
  readonly refused?: string;
};

export type RequestsOfOptions = {
  /** The user who applies the object. */
  readonly user: User;
  /** The namespace of objects that name none. */
  readonly namespace: string;
  /** The kinds that policies cover; the webhooks are not called for others. */
  readonly kinds: ReadonlySet<ReviewedKind>;
};

/** The reviews that the API server would send for an object, from its creation to that of its pods. */
export type RequestsOf = (object: PlainObject) => ObjectRequests;

/** Each request has a uid of its own. */
export function createRequestsOf(options: RequestsOfOptions): RequestsOf {
  let serial = 0;
  const nextUid = () => `offline-${++serial}`;
  return (object) => requestsOf(object, options, nextUid);
}

function requestsOf(object: PlainObject, options: RequestsOfOptions, nextUid: () => string): ObjectRequests {
  if (object['kind'] === 'AdmissionReview') return requestsOfReview(object);
  const namespace = metaText(object, 'namespace') || options.namespace;
  const found = kindOfObject(object);
  const kindName = String(object['kind']).toLowerCase();
  const called = metaText(object, 'name') || `${metaText(object, 'generateName')}*`;
  if (found.is !== 'known') {
    // It is not known here whether the kind is namespaced.
    const given = metaText(object, 'namespace');
    const name = given === '' ? `${kindName} ${called}` : `${kindName} ${given}/${called}`;
    return found.is === 'refused'
      ? { requests: [], name, refused: found.message }
      : { requests: [], name, note: found.note };
  }
  const name = `${kindName} ${namespace}/${called}`;
  const { kind } = found.known;
  const whole = { kind, object, user: options.user, count: 1, path: '' };
  const created = createdObjects(kind, object);
  const asked = [whole, ...created].filter((each) => each.kind === 'Pod' || options.kinds.has(each.kind));
  if (asked.length === 0) return { requests: [], name, note: `no policy covers the kind ${kind}` };
  return {
    name,
    requests: asked.map((each) => ({
      request: requestFor(each, namespace, nextUid()),
      name: each === whole ? name : `${plural(each.kind)} of ${name}`,
      path: each.path,
      count: each.count,
    })),
  };
}

const spaced: Readonly<Partial<Record<ReviewedKind, string>>> = {
  ReplicaSet: 'replica set',
  PersistentVolumeClaim: 'persistent volume claims',
  Job: 'job',
};

function plural(kind: ReviewedKind): string {
  return spaced[kind] ?? `${kind.toLowerCase()}s`;
}

function requestFor(
  { kind, object, user }: Pick<CreatedObjects, 'kind' | 'object' | 'user'>,
  namespace: string,
  uid: string,
): AdmissionRequest {
  return {
    uid,
    kind,
    ...resourcesOf[kind],
    subResource: '',
    name: metaText(object, 'name'),
    namespace,
    operation: 'CREATE',
    user,
    dryRun: false,
    object,
    oldObject: null,
  };
}

/** A recorded review is judged as it is: it has its own user, operation and old object. */
function requestsOfReview(object: PlainObject): ObjectRequests {
  const review = admissionReview.safeParse(object);
  if (review.success) {
    const { request } = review.data;
    const called = request.name || `${request.namespace}/*`;
    const where = request.namespace === '' || request.name === '' ? called : `${request.namespace}/${request.name}`;
    const name = `${request.operation} of ${request.kind.toLowerCase()} ${where}`;
    return { name, requests: [{ request, name, path: 'request.object', count: 1 }] };
  }
  const version = String(object['apiVersion']);
  if (version !== 'admission.k8s.io/v1') {
    const refused = `apiVersion ${version} of AdmissionReview is not supported; gpugate serves only admission.k8s.io/v1`;
    return { name: 'admissionreview', requests: [], refused };
  }
  const where = review.error.issues.slice(0, 1).map(describeIssue).join('');
  return {
    name: 'admissionreview',
    requests: [],
    refused: `is not an AdmissionReview of admission.k8s.io/v1: ${where}`,
  };
}
