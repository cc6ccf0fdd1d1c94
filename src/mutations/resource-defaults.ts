import { ownValue, resourceContainers, type Container, type Pod } from '../workload/pod.ts';
import { parseQuantity } from '../workload/quantity.ts';
import { isOvercommittable } from '../workload/resource-names.ts';
import type { Mutation } from './mutation.ts';
import type { PodDraft } from './pod-draft.ts';

type Amount = { readonly text: string; readonly nanos: bigint };

type Default = {
  readonly resource: string;
  readonly request: Amount | undefined;
  readonly limit: Amount | undefined;
  /** Whether a container may use more than it requested; of all others Kubernetes wants request and limit equal. */
  readonly isOvercommittable: boolean;
};

export const resourceDefaults: Mutation = {
  id: 'resource-defaults',
  summary: 'Gives containers requests and limits where they have none, never a request above its limit.',
  settings: 'resources.requests, resources.limits',
  compile: (spec) => {
    const { requests = {}, limits = {} } = spec.resources ?? {};
    const defaults = [...new Set([...Object.keys(requests), ...Object.keys(limits)])].map((resource) => ({
      resource,
      request: amountOf(ownValue(requests, resource)),
      limit: amountOf(ownValue(limits, resource)),
      isOvercommittable: isOvercommittable(resource),
    }));
    if (defaults.length === 0) return undefined;
    return (draft) => {
      const { pod } = draft;
      for (const each of defaults) {
        const apply = applicationOf(each, pod);
        if (apply !== undefined) for (const container of resourceContainers(pod)) apply(draft, container, each);
      }
    };
  },
};

type Apply = (draft: PodDraft, container: Container, each: Default) => void;

/**
 * What `spec.resources` says of the whole pod, its containers share as they like: a limit of the pod bounds them all,
 * and is its request too where it has none. A request of the pod bounds nothing, so that they still need limits.
 */
function applicationOf({ resource, isOvercommittable }: Default, pod: Pod): Apply | undefined {
  if (Object.hasOwn(pod.podLimits, resource)) return undefined;
  const requestOfPod = ownValue(pod.podRequests, resource);
  if (requestOfPod === undefined) return isOvercommittable ? applyDefault : applyEqual;
  const request = amountOf(requestOfPod);
  if (!isOvercommittable || request === undefined) return undefined;
  return (draft, container, each) => applyLimit(draft, container, each, request);
}

/**
 * The default limit, at or above what the whole pod requests. The container requests 0 explicitly: the API server would
 * make the limit its request, and refuse a pod whose containers request more than the pod does.
 */
function applyLimit(draft: PodDraft, container: Container, { resource, limit }: Default, ofPod: Amount): void {
  if (limit === undefined || Object.hasOwn(container.limits, resource)) return;
  const text = ownValue(container.requests, resource);
  const own = amountOf(text ?? '0');
  if (own === undefined) return;
  if (text === undefined) draft.addRequest(container, resource, own.text);
  draft.addLimit(container, resource, largest(largest(limit, ofPod), own).text);
}

function largest(a: Amount, b: Amount): Amount {
  return b.nanos > a.nanos ? b : a;
}

/**
 * The request comes first and stays at or below a limit that is there; then the limit, at or above that request.
 * Where only a limit is defaulted, the API server makes it the request too, once the patch is applied.
 */
function applyDefault(draft: PodDraft, container: Container, { resource, request, limit }: Default): void {
  const requestText = ownValue(container.requests, resource);
  const limitText = ownValue(container.limits, resource);
  if (requestText !== undefined && limitText !== undefined) return;
  const limitThere = amountOf(limitText);
  let requestNow = amountOf(requestText);
  // Beside what is no quantity nothing is set; the API server refuses such a pod with words of its own.
  if ((limitThere?.text ?? requestNow?.text) !== (limitText ?? requestText)) return;
  if (requestNow === undefined && request !== undefined) {
    requestNow = limitThere !== undefined && limitThere.nanos < request.nanos ? limitThere : request;
    draft.addRequest(container, resource, requestNow.text);
  }
  if (limitThere !== undefined || limit === undefined) return;
  const limitNow = requestNow === undefined ? limit : largest(limit, requestNow);
  draft.addLimit(container, resource, limitNow.text);
}

function applyEqual(draft: PodDraft, container: Container, { resource, request, limit }: Default): void {
  const text =
    ownValue(container.limits, resource) ?? ownValue(container.requests, resource) ?? limit?.text ?? request?.text;
  if (text === undefined) return;
  draft.addRequest(container, resource, text);
  draft.addLimit(container, resource, text);
}

function amountOf(text: string | undefined): Amount | undefined {
  const nanos = text === undefined ? undefined : parseQuantity(text);
  return text === undefined || nanos === undefined ? undefined : { text, nanos };
}
