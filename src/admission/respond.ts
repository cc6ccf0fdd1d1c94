import { denialMessage } from '../policies/denial.ts';
import type { Violation } from '../policies/rule.ts';
import { couldNotDecide, plainText, type Answer } from '../review/answer.ts';
import type { Decision, Outcome } from './decision.ts';
import type { AdmissionRequest, BadReview } from '../review/review.ts';

const json = 'application/json';
const head = '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":';

/**
 * The answer to one request. Made from the request, so that its uid cannot be lost.
 * `undecided` is HTTP 500 with one sentence, which the API server shows to the user before it applies failurePolicy.
 */
export function respond(request: AdmissionRequest, outcome: Outcome): Answer {
  const { decision } = outcome;
  if (decision.kind === 'undecided') return undecidedAnswer(decision.cause);
  // Written by hand around what varies: half of the cost of one JSON.stringify over the whole.
  const warnings = decision.warnings.length > 0 ? `,"warnings":${JSON.stringify(decision.warnings)}` : '';
  const annotations = JSON.stringify(auditAnnotations(outcome));
  const body = `${head}{"uid":${JSON.stringify(request.uid)},${result(request, decision)}${warnings},"auditAnnotations":${annotations}}}`;
  return { status: 200, contentType: json, body };
}

/** HTTP 500: we could not decide. Never with Retry-After: client-go would repeat the body up to ten times. */
export function undecidedAnswer(cause: string): Answer {
  return { status: 500, contentType: plainText, body: couldNotDecide(cause) };
}

/** HTTP 400: the body is no review, so there is no uid to answer to. */
export function badReviewAnswer(bad: BadReview): Answer {
  return { status: 400, contentType: plainText, body: bad.message };
}

/** The fields that say yes, no or how to change the object. */
function result(request: AdmissionRequest, decision: Exclude<Decision, { kind: 'undecided' }>): string {
  if (decision.kind === 'deny') {
    const message = denialOf(request, decision.violations);
    // code and reason make kubectl print "(Forbidden)" before the message.
    return `"allowed":false,"status":${JSON.stringify({ status: 'Failure', message, reason: 'Forbidden', code: 403 })}`;
  }
  if (decision.patch.length === 0) return '"allowed":true';
  const patch = Buffer.from(JSON.stringify(decision.patch)).toString('base64');
  return `"allowed":true,"patchType":"JSONPatch","patch":"${patch}"`;
}

/** What the user reads when a request is refused. */
export function denialOf(request: AdmissionRequest, violations: readonly Violation[]): string {
  return denialMessage(subjectOf(request), violations);
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

/** Values only for what is known; the API server prefixes each key with the webhook's name. */
function auditAnnotations(outcome: Outcome): Record<string, string> {
  const annotations: Record<string, string> = { decision: outcome.decision.kind };
  if (outcome.exemption !== undefined) annotations['exempt'] = outcome.exemption;
  if (outcome.policies.length > 0) annotations['policies'] = outcome.policies.join(',');
  if (outcome.viewAgeMs !== undefined) annotations['view-age-ms'] = String(Math.round(outcome.viewAgeMs));
  if (outcome.mutations.length > 0) annotations['mutations'] = outcome.mutations.join(',');
  if (outcome.charges.length > 0) annotations['charge'] = outcome.charges.join(', ');
  if (outcome.findings.length > 0) {
    // Each once: a rule may find fault with thousands of containers.
    const findings = new Set(outcome.findings.map((f) => `${f.policy}/${f.rule}=${f.enforcement}`));
    annotations['findings'] = [...findings].join(',');
  }
  return annotations;
}
