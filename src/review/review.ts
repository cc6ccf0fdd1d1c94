import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import type { BadRequestReason } from '../telemetry/bad-request-reasons.ts';
import { operations, type Operation, type User } from '../workload/requester.ts';
import { dropManagedFields, nestsDeeperThan } from './raw-json.ts';
import { readRequest } from './read-request.ts';
import { reviewShape } from './review-shape.ts';
import { selectJson } from './select-json.ts';

/** The part of admission.k8s.io/v1 AdmissionRequest that gpugate reads. Absent strings are empty. */
export type AdmissionRequest = {
  readonly uid: string;
  readonly kind: string;
  readonly group: string;
  readonly resource: string;
  readonly subResource: string;
  /** Empty while only generateName is known. */
  readonly name: string;
  readonly namespace: string;
  readonly operation: Operation;
  readonly user: User;
  readonly dryRun: boolean;
  /** As sent; null on DELETE. */
  readonly object: unknown;
  /** As stored; null on CREATE. */
  readonly oldObject: unknown;
};

/** Why a body is no review: `reason` counts it in the metrics, `message` tells the sender. */
export type BadReview = { readonly reason: BadRequestReason; readonly message: string };

export type Decoded =
  { readonly ok: true; readonly request: AdmissionRequest } | { readonly ok: false; readonly bad: BadReview };

/** What Go's own JSON decoder accepts (encoding/json maxNestingDepth). */
const maxDepth = 10_000;
/** A smaller body cannot nest deep enough to cost more than a few MiB, so it is not scanned. */
const depthScanFrom = 256 * 1024;

const name = z.string().nullish();

/** What a review must be, and what is said of one that is not. {@link readRequest} says the same, faster. */
export const review = z.object({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  request: z.object({
    uid: z.string().min(1).max(256),
    kind: z.object({ group: name, kind: z.string() }),
    resource: z.object({ resource: z.string() }),
    subResource: name,
    name,
    namespace: name,
    operation: z.enum(operations),
    userInfo: z.object({ username: name, groups: z.array(z.string()).nullish() }).nullish(),
    dryRun: z.boolean().nullish(),
    object: z.unknown().optional(),
    oldObject: z.unknown().optional(),
  }),
});

/**
 * Decodes the bytes of one AdmissionReview v1. The buffer is consumed: managed fields are cut out of it in place.
 * A fault is a value, never an exception.
 */
export function decodeReview(body: Buffer): Decoded {
  if (body.length === 0) return bad('empty_body', 'the request body is empty; an AdmissionReview is expected.');
  if (!isUtf8(body)) return bad('not_utf8', 'the request body is not UTF-8');
  if (body.length > depthScanFrom && nestsDeeperThan(body, maxDepth)) {
    return bad('too_deep', `the request body nests deeper than ${maxDepth} levels`);
  }
  const selected = readRequest(selectJson(body, reviewShape));
  // Of the other kinds the shape does not say what is read.
  if (selected?.kind === 'Pod') return { ok: true, request: selected };
  let value: unknown;
  try {
    value = JSON.parse(dropManagedFields(body));
  } catch {
    return bad('not_json', 'the request body is not JSON');
  }
  const request = readRequest(value);
  if (request !== undefined) return { ok: true, request };
  return bad('not_a_review', describe(review.safeParse(value).error?.issues ?? []));
}

function bad(reason: BadRequestReason, message: string): Decoded {
  return { ok: false, bad: { reason, message } };
}

function describe(issues: readonly z.core.$ZodIssue[]): string {
  const faults = issues.slice(0, 5).map((issue) => {
    const path = issue.path.map(String).join('.');
    return path === '' ? issue.message : `${path}: ${issue.message}`;
  });
  return `not an AdmissionReview of admission.k8s.io/v1: ${faults.join('; ')}`;
}
