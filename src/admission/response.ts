import { denialMessage } from '../policies/denial.ts';
import type { AttributedViolation } from '../policies/merge-alike.ts';
import type { AdmissionRequest } from '../review/decode.ts';
import type { AdmissionResponse } from '../review/respond.ts';
import { MalformedObject } from '../workload/malformed-object.ts';
import type { Outcome } from './decision.ts';

/** What the API server is told of an outcome. */
export function responseOf(request: AdmissionRequest, outcome: Outcome): AdmissionResponse {
  const { decision } = outcome;
  if (decision.kind === 'undecided') return { kind: 'undecided', cause: decision.cause };
  const annotations = auditAnnotations(outcome);
  const { warnings } = decision;
  return decision.kind === 'deny'
    ? { kind: 'denied', message: denialOf(request, decision.violations), warnings, annotations }
    : { kind: 'allowed', patch: decision.patch, warnings, annotations };
}

/** What is wrong with the request's object, when a decision failed because of it. */
export function malformedObjectIn(error: unknown): string | undefined {
  return error instanceof MalformedObject ? `request.object: ${error.message}` : undefined;
}

/** What the user reads when a request is denied. */
export function denialOf(request: AdmissionRequest, violations: readonly AttributedViolation[]): string {
  return denialMessage({ subject: subjectOf(request), violations });
}

/** `pod proj-a/job-7-train`, as the user would name it. */
export function subjectOf(request: AdmissionRequest): string {
  const name = request.name === '' ? `${generateNameOf(request.object)}*` : request.name;
  const kind = request.subResource === '' ? request.kind.toLowerCase() : `${request.resource}/${request.subResource}`;
  return request.namespace === '' ? `${kind} ${name}` : `${kind} ${request.namespace}/${name}`;
}

function generateNameOf(object: unknown): string {
  const metadata = (object as { metadata?: { generateName?: unknown } } | null)?.metadata;
  return typeof metadata?.generateName === 'string' ? metadata.generateName : '';
}

/** Keys only for what is known. */
function auditAnnotations(outcome: Outcome): Record<string, string> {
  const annotations: Record<string, string> = { decision: outcome.decision.kind };
  if (outcome.exemption !== undefined) annotations['exempt'] = outcome.exemption;
  if (outcome.policies.length > 0) annotations['policies'] = outcome.policies.join(',');
  if (outcome.viewAgeMs !== undefined) annotations['view-age-ms'] = String(Math.round(outcome.viewAgeMs));
  if (outcome.mutations.length > 0) annotations['mutations'] = outcome.mutations.join(',');
  if (outcome.charges.length > 0) annotations['charge'] = outcome.charges.join(', ');
  if (outcome.findings.length > 0) {
    // Each once: a rule may object to thousands of containers.
    const findings = new Set(outcome.findings.map((f) => `${f.policy}/${f.rule}=${f.enforcement}`));
    annotations['findings'] = [...findings].join(',');
  }
  return annotations;
}
