import type { Admit } from '../admission/admit.ts';
import type { Outcome } from '../admission/decision.ts';
import { malformedObjectIn, responseOf } from '../admission/response.ts';
import { decodeReview, type AdmissionRequest, type BadReview } from '../review/decode.ts';
import { badReviewAnswer, internalError, respond, undecidedAnswer, type Answer } from '../review/respond.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** An answer, with what is to be said of it once it is sent. */
export type ReviewAnswer = Answer & {
  /** Writes the log line, counts and records. `durationMs` is how long the client waited. */
  readonly tell?: (durationMs: number) => void;
};

/**
 * Decides one review. `deadline` is a monotonic time in ms (performance.now()).
 * Synchronous when nothing has to be awaited. Never throws.
 */
export type HandleReview = (body: Buffer, deadline: number) => ReviewAnswer | Promise<ReviewAnswer>;

/** What a webhook decided, by reference: nothing is copied while the API server waits. */
export type Decided = {
  readonly webhook: string;
  readonly request: AdmissionRequest;
  readonly outcome: Outcome;
};

export type ReviewTelemetry = {
  readonly log: Log;
  readonly metrics: Metrics;
  /** Writes decisions down; `bytes` is the length of the review. */
  readonly record?: (decided: Decided, bytes: number) => void;
};

/** The way of one review, from its bytes to those of the answer: decode, admit, respond. */
export function createHandleReview(webhook: string, admit: Admit, telemetry: ReviewTelemetry): HandleReview {
  const { log, metrics } = telemetry;
  const refuse = (bad: BadReview, uid?: string): ReviewAnswer => {
    metrics.badRequest(bad.reason);
    log.warn('bad review', { webhook, uid, reason: bad.reason, message: bad.message });
    return badReviewAnswer(bad);
  };
  return (body, deadline) => {
    const decoded = decodeReview(body);
    if (!decoded.ok) return refuse(decoded.bad);
    const { request } = decoded;
    const { length } = body;
    const answer = (outcome: Outcome): ReviewAnswer => ({
      ...respond(request, responseOf(request, outcome)),
      tell: (durationMs) => tell({ webhook, request, outcome }, length, durationMs, telemetry),
    });
    const fail = (error: unknown): ReviewAnswer => {
      const message = malformedObjectIn(error);
      if (message !== undefined) return refuse({ reason: 'malformed_object', message }, request.uid);
      log.error('a decision failed', { webhook, uid: request.uid, error });
      return undecidedAnswer(internalError);
    };
    try {
      const outcome = admit(request, deadline);
      return outcome instanceof Promise ? outcome.then(answer).catch(fail) : answer(outcome);
    } catch (error) {
      return fail(error);
    }
  };
}

function tell(decided: Decided, bytes: number, durationMs: number, { log, metrics, record }: ReviewTelemetry): void {
  const { webhook, request, outcome } = decided;
  const decision = outcome.decision.kind;
  metrics.admission(webhook, request.operation, decision, durationMs / 1000);
  for (const { rule, policy, enforcement } of outcome.findings) metrics.violation(rule, policy, enforcement);
  for (const mutation of outcome.mutations) metrics.mutation(mutation);
  record?.(decided, bytes);
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
