import { describe, expect, test } from 'vitest';
import { allowed } from '../../src/admission/decision.ts';
import { createHandleReview } from '../../src/admission/handle-review.ts';
import type { DecidedReview } from '../../src/record/record.ts';
import { MalformedObject } from '../../src/workload/malformed-object.ts';
import { recordingTelemetry } from '../support/example-handlers.ts';
import { bytesOf, reviewOf } from '../support/reviews.ts';

type Kept = { readonly decided: Omit<DecidedReview, 'timeMs'>; readonly bytes: number };

function handlerOf(admit: Parameters<typeof createHandleReview>[1]) {
  const kept: Kept[] = [];
  const record = (decided: Kept['decided'], bytes: number) => void kept.push({ decided, bytes });
  return { handle: createHandleReview('gpu.validate', admit, { ...recordingTelemetry(), record }), kept };
}

const never = Number.POSITIVE_INFINITY;

describe('what is recorded', () => {
  test('is each decision, once, with the length of its review', async () => {
    const outcome = allowed({ policies: ['platform'] });
    const { handle, kept } = handlerOf(() => Promise.resolve(outcome));
    const body = bytesOf(reviewOf({ name: 'a' }));
    const bytes = body.length;
    await handle(body, never);
    expect(kept).toHaveLength(1);
    expect(kept[0]).toMatchObject({ bytes, decided: { webhook: 'gpu.validate', outcome, request: { name: 'a' } } });
  });

  test('is also what could not be decided in time', () => {
    const { handle, kept } = handlerOf(() => allowed());
    void handle(bytesOf(reviewOf({})), -1);
    expect(kept.map(({ decided }) => decided.outcome.decision.kind)).toEqual(['undecided']);
  });

  test('is nothing that is no decision', () => {
    const { handle, kept } = handlerOf(() => {
      throw new MalformedObject('spec', 'an object');
    });
    void handle(bytesOf(reviewOf({})), never);
    void handle(Buffer.from('{}'), never);
    expect(kept).toEqual([]);
  });
});
