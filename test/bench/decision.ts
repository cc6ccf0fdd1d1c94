import { createMutatePods, createValidate, type Admit } from '../../src/admission/admit.ts';
import { decodeReview, type AdmissionRequest } from '../../src/review/decode.ts';
import { exampleSources } from '../support/example-handlers.ts';
import { bytesOf } from '../support/reviews.ts';
import { apiServerReview } from './api-server-review.ts';
import { atMost, median, type Figures } from './report.ts';

/** Decoded apart from each other, as reviews are: a decision that remembers its pod must not meet it again. */
const reviews = 500;
const warmUps = 20;
const rounds = 30;

/** What is between the decoded review and the answer: both webhooks of one pod, every rule and mutation of the examples. */
export async function benchDecision(): Promise<Figures> {
  const sources = await exampleSources();
  const mutate = microseconds('mutate', createMutatePods(sources));
  const validate = microseconds('validate', createValidate(sources, { needsFreshView: true }));
  return {
    decision: atMost(mutate + validate, 20, 'us: the rules and mutations of one pod'),
    decision_mutate: { value: mutate, unit: 'us' },
    decision_validate: { value: validate, unit: 'us' },
  };
}

function microseconds(phase: 'mutate' | 'validate', admit: Admit): number {
  const times: number[] = [];
  for (let round = -warmUps; round < rounds; round++) {
    const requests = Array.from({ length: reviews }, () => decoded(phase));
    const start = performance.now();
    for (const request of requests) decide(admit, request);
    if (round >= 0) times.push(((performance.now() - start) / reviews) * 1000);
  }
  return median(times);
}

function decoded(phase: 'mutate' | 'validate'): AdmissionRequest {
  const decoding = decodeReview(bytesOf(apiServerReview(phase)));
  if (!decoding.ok) throw new Error(decoding.bad.message);
  return decoding.request;
}

function decide(admit: Admit, request: AdmissionRequest): void {
  const outcome = admit(request, Number.POSITIVE_INFINITY);
  if (outcome instanceof Promise) throw new Error('a decision over the examples waits for nothing');
  if (outcome.decision.kind !== 'allow') throw new Error(`the pod is not allowed: ${JSON.stringify(outcome.decision)}`);
}
