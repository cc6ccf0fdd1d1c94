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
  /** Whether a container may use more than it requests. If not, Kubernetes demands equal requests and limits. */
  readonly isOvercommittable: boolean;
};

export const resourceDefaults: Mutation = {
  id: 'resource-defaults',
  summary: 'Sets default requests and limits on containers that have none, never a request above its limit.',
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
 * Containers share what `spec.resources` grants the whole pod. A pod limit limits them all, and is also the pod's request
 * if there is none. A pod request limits nothing, so containers still need limits.
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
 * Sets the default limit, at least as large as the pod's request. The container requests 0 explicitly: otherwise the API
 * server uses the limit as the request, and refuses a pod whose containers request more than the pod does.
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
 * Sets the request first, at most the existing limit; then the limit, at least the request. If only the limit has a
 * default, the API server uses it as the request too, once the patch is applied.
 */
function applyDefault(draft: PodDraft, container: Container, { resource, request, limit }: Default): void {
  const requestText = ownValue(container.requests, resource);
  const limitText = ownValue(container.limits, resource);
  if (requestText !== undefined && limitText !== undefined) return;
  const existingLimit = amountOf(limitText);
  let requestNow = amountOf(requestText);
  // Nothing is set next to a text that is not a quantity: the API server refuses such a pod itself.
  if ((existingLimit?.text ?? requestNow?.text) !== (limitText ?? requestText)) return;
  if (requestNow === undefined && request !== undefined) {
    requestNow = existingLimit !== undefined && existingLimit.nanos < request.nanos ? existingLimit : request;
    draft.addRequest(container, resource, requestNow.text);
  }
  if (existingLimit !== undefined || limit === undefined) return;
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
