import { describe, expect, test } from 'vitest';
import { allowed, undecided } from '../../src/admission/decision.ts';
import { createHandleReview, type Decided } from '../../src/http/reviews.ts';
import { MalformedObject } from '../../src/workload/malformed-object.ts';
import { recordingTelemetry } from '../support/example-handlers.ts';
import { bytesOf, reviewOf } from '../support/reviews.ts';

type Kept = { readonly decided: Decided; readonly bytes: number };

function handlerOf(admit: Parameters<typeof createHandleReview>[1]) {
  const kept: Kept[] = [];
  const record = (decided: Kept['decided'], bytes: number) => void kept.push({ decided, bytes });
  const telemetry = recordingTelemetry();
  return { handle: createHandleReview('gpu.validate', admit, { ...telemetry, record }), kept, ...telemetry };
}

const never = Number.POSITIVE_INFINITY;

describe('what is recorded', () => {
  test('is each decision, once it is answered, with the length of its review', async () => {
    const outcome = allowed({ policies: ['platform'] });
    const { handle, kept } = handlerOf(() => Promise.resolve(outcome));
    const body = bytesOf(reviewOf({ name: 'a' }));
    const bytes = body.length;
    const { tell } = await handle(body, never);
    expect(kept).toEqual([]);
    tell?.(1);
    expect(kept).toHaveLength(1);
    expect(kept[0]).toMatchObject({ bytes, decided: { webhook: 'gpu.validate', outcome, request: { name: 'a' } } });
  });

  test('is also what could not be decided', async () => {
    const { handle, kept } = handlerOf(() => undecided('no time.'));
    (await handle(bytesOf(reviewOf({})), never)).tell?.(1);
    expect(kept.map(({ decided }) => decided.outcome.decision.kind)).toEqual(['undecided']);
  });

  test('is nothing that is no decision', async () => {
    const { handle, kept } = handlerOf(() => {
      throw new MalformedObject('spec', 'an object');
    });
    for (const body of [bytesOf(reviewOf({})), Buffer.from('{}')]) {
      expect(await handle(body, never)).toMatchObject({ status: 400 });
      expect(await handle(body, never)).not.toHaveProperty('tell');
    }
    expect(kept).toEqual([]);
  });
});

test('the duration that is counted is how long the client waited', async () => {
  const { handle, metrics } = handlerOf(() => allowed());
  (await handle(bytesOf(reviewOf({})), never)).tell?.(40);
  const { body } = await metrics.expose();
  expect(body).toContain('gpugate_admission_duration_seconds_sum{webhook="gpu.validate"} 0.04\n');
  expect(body).toContain('gpugate_admission_duration_seconds_bucket{le="0.025",webhook="gpu.validate"} 0\n');
  expect(body).toContain('gpugate_admission_duration_seconds_bucket{le="0.05",webhook="gpu.validate"} 1\n');
});
