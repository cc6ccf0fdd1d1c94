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
        if (isSetForPod(pod, each.resource)) continue;
        for (const container of resourceContainers(pod)) {
          if (each.isOvercommittable) applyDefault(draft, container, each);
          else applyEqual(draft, container, each);
        }
      }
    };
  },
};

/** What `spec.resources` says of the whole pod, its containers share as they like. */
function isSetForPod(pod: Pod, resource: string): boolean {
  return Object.hasOwn(pod.podRequests, resource) || Object.hasOwn(pod.podLimits, resource);
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
  const limitNow = requestNow !== undefined && requestNow.nanos > limit.nanos ? requestNow : limit;
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
