import { isDeepStrictEqual } from 'node:util';
import jsonPatch, { type Operation } from 'fast-json-patch';
import type { ReviewResponse } from './post-review.ts';

type Pod = { readonly metadata: object; readonly spec: object };

/** Throws unless both pods have the same labels, annotations and spec: else the API server had different work with them. */
export function expectSamePod(one: Pod | undefined, other: Pod | undefined): void {
  const parts = (pod: Pod | undefined) => {
    const { labels, annotations } = (pod?.metadata ?? {}) as { labels?: object; annotations?: object };
    return { labels, annotations, spec: pod?.spec };
  };
  if (one !== undefined && isDeepStrictEqual(parts(one), parts(other))) return;
  throw new Error(`the pods differ: ${JSON.stringify(parts(one))} and ${JSON.stringify(parts(other))}`);
}

/** The pod that a mutating webhook makes of the pod in the review. */
export function mutatedPod(review: object, response: ReviewResponse): Pod {
  const { object } = (review as { request: { object: Pod } }).request;
  return jsonPatch.applyPatch(object, patchIn(response), true, false).newDocument;
}

export function patchIn({ patch = '' }: ReviewResponse): Operation[] {
  return JSON.parse(Buffer.from(patch, 'base64').toString()) as Operation[];
}
