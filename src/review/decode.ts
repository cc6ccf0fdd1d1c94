import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { operations, type Operation, type User } from '../workload/requester.ts';
import type { BadRequestReason } from './bad-request-reasons.ts';

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

/** Why a body is not a review: `reason` counts it in the metrics, `message` tells the sender. */
export type BadReview = { readonly reason: BadRequestReason; readonly message: string };

export type Decoded =
  { readonly ok: true; readonly request: AdmissionRequest } | { readonly ok: false; readonly bad: BadReview };

/** What Go's own JSON decoder accepts (encoding/json maxNestingDepth). */
const maxDepth = 10_000;
/** A smaller body cannot nest deep enough to cost more than a few MiB, so it is not scanned. */
const scanDepthFromBytes = 256 * 1024;
/** The API server's are UUIDs of 36 characters. */
const maxUidLength = 256;
/** Enough to see what is wrong; a review may have thousands of bad groups. */
const maxIssues = 5;

const text = z.string().nullish();

/** One request out of a review, as `record/` keeps it too. */
export const admissionRequest = z
  .object({
    uid: z.string().min(1).max(maxUidLength),
    kind: z.object({ group: text, kind: z.string() }),
    resource: z.object({ resource: z.string() }),
    subResource: text,
    name: text,
    namespace: text,
    operation: z.enum(operations),
    userInfo: z.object({ username: text, groups: z.array(z.string()).nullish() }).nullish(),
    dryRun: z.boolean().nullish(),
    object: z.unknown().optional(),
    oldObject: z.unknown().optional(),
  })
  .transform(({ kind, resource, userInfo, ...request }): AdmissionRequest => ({
    uid: request.uid,
    kind: kind.kind,
    group: kind.group ?? '',
    resource: resource.resource,
    subResource: request.subResource ?? '',
    name: request.name ?? '',
    namespace: request.namespace ?? '',
    operation: request.operation,
    user: { username: userInfo?.username ?? '', groups: userInfo?.groups ?? [] },
    dryRun: request.dryRun ?? false,
    object: request.object ?? null,
    oldObject: request.oldObject ?? null,
  }));

export const admissionReview = z.object({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  request: admissionRequest,
});

/** Decodes the bytes of one AdmissionReview v1. What is wrong with them is a value, never an exception. */
export function decodeReview(body: Buffer): Decoded {
  if (body.length === 0) return bad('empty_body', 'the request body is empty; an AdmissionReview is expected.');
  if (!isUtf8(body)) return bad('not_utf8', 'the request body is not UTF-8');
  if (body.length > scanDepthFromBytes && nestsDeeperThan(body, maxDepth)) {
    return bad('too_deep', `the request body nests deeper than ${maxDepth} levels`);
  }
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    return bad('not_json', 'the request body is not JSON');
  }
  const review = admissionReview.safeParse(value);
  if (review.success) return { ok: true, request: review.data.request };
  const issues = review.error.issues.slice(0, maxIssues).map(describeIssue);
  return bad('not_a_review', `not an AdmissionReview of admission.k8s.io/v1: ${issues.join('; ')}`);
}

/** `request.uid: Invalid input: expected string, received undefined`. */
export function describeIssue({ path, message }: z.core.$ZodIssue): string {
  return path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`;
}

function bad(reason: BadRequestReason, message: string): Decoded {
  return { ok: false, bad: { reason, message } };
}

const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * True when more than `limit` objects and arrays are open at once. JSON.parse accepts any depth, but 7 MiB of opening
 * brackets stop the thread for more than a second, and JSON.stringify overflows the stack on what it makes of them.
 */
export function nestsDeeperThan(body: Buffer, limit: number): boolean {
  let depth = 0;
  let isInString = false;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i];
    if (byte === quote) isInString = !isInString;
    else if (isInString) {
      if (byte === backslash) i++;
    } else if (byte === openBrace || byte === openBracket) {
      if (++depth > limit) return true;
    } else if (byte === closeBrace || byte === closeBracket) depth--;
  }
  return false;
}
