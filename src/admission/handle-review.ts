import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { MalformedObject } from '../workload/malformed-object.ts';
import type { Admit } from './admit.ts';
import { internalError, type Answer, type HandleReview } from '../review/answer.ts';
import { undecided, type Outcome } from './decision.ts';
import type { DecidedReview } from '../record/record.ts';
import { badReviewAnswer, respond, undecidedAnswer } from './respond.ts';
import { decodeReview, type AdmissionRequest } from '../review/review.ts';

export type ReviewTelemetry = {
  readonly log: Log;
  readonly metrics: Metrics;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Writes decisions down; `bytes` is the length of the review. Absent: nothing is. */
  readonly record?: (decided: Omit<DecidedReview, 'timeMs'>, bytes: number) => void;
};

/** One webhook's whole path: bytes in, decision, bytes out; one log line and one count from the same place. */
export function createHandleReview(webhook: string, admit: Admit, telemetry: ReviewTelemetry): HandleReview {
  const { log, metrics, now } = telemetry;
  return (body, deadline) => {
    const start = now();
    const decoded = decodeReview(body);
    if (!decoded.ok) {
      metrics.badRequest(decoded.bad.reason);
      log.warn('bad review', { webhook, reason: decoded.bad.reason, message: decoded.bad.message });
      return badReviewAnswer(decoded.bad);
    }
    const { request } = decoded;
    const finish = (outcome: Outcome): Answer => {
      const answer = respond(request, outcome);
      tell(webhook, request, outcome, now() - start, telemetry);
      telemetry.record?.({ webhook, request, outcome }, body.length);
      return answer;
    };
    const fail = (error: unknown): Answer => {
      if (error instanceof MalformedObject) {
        metrics.badRequest('malformed_object');
        log.warn('malformed object', { webhook, uid: request.uid, message: error.message });
        return badReviewAnswer({ reason: 'malformed_object', message: `request.object: ${error.message}` });
      }
      log.error('a decision failed', { webhook, uid: request.uid, error });
      return undecidedAnswer(internalError);
    };
    if (start > deadline) return finish(undecided('the deadline had passed before the review arrived.'));
    try {
      const outcome = admit(request, deadline);
      return outcome instanceof Promise ? outcome.then(finish).catch(fail) : finish(outcome);
    } catch (error) {
      return fail(error);
    }
  };
}

function tell(
  webhook: string,
  request: AdmissionRequest,
  outcome: Outcome,
  durationMs: number,
  { log, metrics }: ReviewTelemetry,
): void {
  const decision = outcome.decision.kind;
  metrics.admission(webhook, request.operation, decision, durationMs / 1000);
  for (const { rule, policy, enforcement } of outcome.findings) metrics.violation(rule, policy, enforcement);
  for (const mutation of outcome.mutations) metrics.mutation(mutation);
  log.info('request', {
    webhook,
    uid: request.uid,
    operation: request.operation,
    kind: request.kind,
    subResource: request.subResource,
    namespace: request.namespace,
    name: request.name,
    user: request.user.username,
    dryRun: request.dryRun,
    decision,
    cause: outcome.decision.kind === 'undecided' ? outcome.decision.cause : undefined,
    exemption: outcome.exemption,
    policies: outcome.policies,
    findings: outcome.findings.map(({ rule, policy, enforcement }) => ({ rule, policy, enforcement })),
    mutations: outcome.mutations,
    viewAgeMs: outcome.viewAgeMs,
    durationMs,
  });
}
