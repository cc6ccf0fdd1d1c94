import { z } from 'zod';
import { messageOf } from '../text/errors.ts';
import { isPlainObject } from '../api/plain-object.ts';
import type { Outcome } from '../admission/decision.ts';
import { recordedObject, recordedVariable } from './recorded-object.ts';
import { denialOf } from '../admission/response.ts';
import { admissionRequest, type AdmissionRequest } from '../review/decode.ts';
import type { PatchOperation } from '../review/respond.ts';
import { webhookIds } from '../review/webhooks.ts';

/**
 * Decisions as they are recorded, to be judged again later under other policies. Only fields that are named here or in
 * workload/object-fields.ts are recorded. Commands, arguments, values of environment variables and annotations, and
 * userInfo beyond name and groups are not.
 */

/** Raised when older versions can no longer read the lines; they then say so and go on. */
export const recordVersion = 1;

/** What a webhook decided, by reference: nothing is copied while the API server waits. */
export type DecidedReview = {
  readonly webhook: string;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly request: AdmissionRequest;
  readonly outcome: Outcome;
};

const finding = z.object({ rule: z.string(), policy: z.string(), enforcement: z.enum(['Deny', 'Warn', 'Audit']) });

const answer = z.object({
  decision: z.enum(['allow', 'deny', 'undecided']),
  /** What the user read: the denial, or why nothing could be decided. */
  message: z.string().optional(),
  warnings: z.array(z.string()),
  patch: z.array(z.object({ op: z.string(), path: z.string(), value: z.unknown() })),
  /** Each once, also those that only warn or are audited. */
  findings: z.array(finding),
  policies: z.array(z.string()),
  mutations: z.array(z.string()),
  charges: z.array(z.string()),
  /** Why nothing was judged. */
  exemption: z.string().optional(),
});

/** What came of a review, in the form in which two answers are compared. */
export type RecordedAnswer = z.output<typeof answer>;
export type RecordedFinding = RecordedAnswer['findings'][number];

const record = z.object({
  version: z.literal(recordVersion),
  time: z.iso.datetime(),
  webhook: z.enum(webhookIds),
  request: z.unknown(),
  answer,
});

export type DecisionRecord = Omit<z.output<typeof record>, 'request' | 'version'> & {
  readonly request: AdmissionRequest;
};

/** One line, with its end. */
export function recordLine({ webhook, timeMs, request, outcome }: DecidedReview): string {
  const line = {
    version: recordVersion,
    time: new Date(timeMs).toISOString(),
    webhook,
    request: recordedRequest(request),
    answer: recordedAnswer(request, outcome),
  };
  return `${JSON.stringify(line)}\n`;
}

/** What the line says, or what is wrong with it, as the rest of a sentence that begins with its place. */
export function readRecord(text: string): { readonly record: DecisionRecord } | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: `is not JSON: ${messageOf(error)}` };
  }
  const version = isPlainObject(value) ? value['version'] : undefined;
  if (typeof version === 'number' && version !== recordVersion) {
    return { problem: `is a record of version ${version}; this gpugate reads version ${recordVersion}` };
  }
  const parsed = record.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = issue?.path.map(String).join('.') ?? '';
    return { problem: `is no record of a decision: ${path === '' ? '' : `${path}: `}${issue?.message ?? ''}` };
  }
  const { version: _version, request: raw, ...rest } = parsed.data;
  const request = admissionRequest.safeParse(raw);
  if (!request.success) return { problem: 'is no record of a decision: request is not an AdmissionRequest' };
  return { record: { ...rest, request: request.data } };
}

export function recordedAnswer(request: AdmissionRequest, outcome: Outcome): RecordedAnswer {
  const { decision, policies, mutations, charges, exemption } = outcome;
  const message =
    decision.kind === 'deny'
      ? denialOf(request, decision.violations)
      : decision.kind === 'undecided'
        ? decision.cause
        : undefined;
  const findings = new Map(
    outcome.findings.map(({ rule, policy, enforcement }): [string, RecordedFinding] => [
      `${rule}\n${policy}\n${enforcement}`,
      { rule, policy, enforcement },
    ]),
  );
  return {
    decision: decision.kind,
    ...(message === undefined ? {} : { message }),
    warnings: decision.kind === 'undecided' ? [] : [...decision.warnings],
    patch: decision.kind === 'allow' ? decision.patch.map(recordedOperation) : [],
    findings: [...findings.values()],
    policies: [...policies],
    mutations: [...mutations],
    charges: [...charges],
    ...(exemption === undefined ? {} : { exemption }),
  };
}

/** In the form of the API server, so that the reader of reviews reads it. */
function recordedRequest(request: AdmissionRequest): object {
  const { uid, kind, group, resource, subResource, name, namespace, operation, user, dryRun } = request;
  // Objects of DELETE and CONNECT are never judged.
  const isJudged = operation === 'CREATE' || operation === 'UPDATE';
  return {
    uid,
    kind: { group, kind },
    resource: { resource },
    ...(subResource === '' ? {} : { subResource }),
    name,
    namespace,
    operation,
    userInfo: { username: user.username, groups: user.groups },
    dryRun,
    object: isJudged ? recordedObject(kind, request.object) : null,
    oldObject: isJudged ? recordedObject(kind, request.oldObject) : null,
  };
}

const ofEnvironment = /^\/spec\/\w+\/\d+\/env(\/|$)/;

/** Everything else that mutations set is a label, an annotation or a quantity of theirs. */
function recordedOperation({ op, path, value }: PatchOperation): RecordedAnswer['patch'][number] {
  if (!ofEnvironment.test(path)) return { op, path, value };
  const variables = (Array.isArray(value) ? value : [value]).map(recordedPatchVariable);
  return { op, path, value: Array.isArray(value) ? variables : variables[0] };
}

function recordedPatchVariable(value: unknown): unknown {
  if (!isPlainObject(value) || typeof value['name'] !== 'string') return {};
  const text = value['value'];
  return recordedVariable({ name: value['name'], value: typeof text === 'string' ? text : undefined });
}
