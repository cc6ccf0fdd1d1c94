import type { Admit } from '../admission/admit.ts';
import { createHandleReview, type HandleReview, type ReviewTelemetry } from '../http/reviews.ts';

/** The first request of a cold process takes 21 ms. After some hundreds the compiler has done its work. */
const rounds = 1000;

/** Runs the whole decision path on invented reviews before the replica is ready. `telemetry` should keep nothing. */
export function warmUp(admits: readonly Admit[], telemetry: ReviewTelemetry): void {
  const handlers = admits.map((admit) => createHandleReview('warm-up', admit, telemetry));
  const bodies = ['shared', 'mixed'].map((variant) => JSON.stringify(review(variant === 'mixed')));
  for (let round = 0; round < rounds; round++) {
    for (const handle of handlers) {
      for (const body of bodies) void warm(handle(Buffer.from(body), Number.POSITIVE_INFINITY));
    }
  }
}

async function warm(answer: ReturnType<HandleReview>): Promise<void> {
  (await answer).tell?.(0);
}

function review(isMixed: boolean): object {
  const gpus = isMixed ? { 'nvidia.com/gpu': '1', 'nvidia.com/gpu.shared': '2' } : { 'nvidia.com/gpu.shared': '1' };
  const container = { name: 'main', image: 'none', env: [{ name: 'A', value: 'b' }], resources: { limits: gpus } };
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'warm-up',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      name: 'job-0-warm-up',
      namespace: 'proj-warm-up',
      operation: 'CREATE',
      userInfo: { username: 'warm-up', groups: ['system:authenticated'] },
      object: {
        metadata: { name: 'job-0-warm-up', labels: { app: 'warm-up' }, managedFields: [{ manager: 'none' }] },
        spec: { containers: [container], initContainers: [{ ...container, restartPolicy: 'Always' }] },
      },
      oldObject: null,
      dryRun: true,
    },
  };
}
