import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMutatePods, createValidate, type AdmissionSources } from '../../src/admission/admit.ts';
import type { Outcome } from '../../src/admission/decision.ts';
import { compilePolicy } from '../../src/admission/policy-set.ts';
import { readRecord, recordedAnswer, recordLine, type RecordedAnswer } from '../../src/record/record.ts';
import { decodeReview, type AdmissionRequest } from '../../src/review/decode.ts';
import type { WebhookId } from '../../src/review/webhooks.ts';
import type { WorkloadPolicy } from '../../src/api/workload-policy.ts';
import { createRecordJudge } from '../../src/cli/replay/judge-record.ts';
import { rules } from '../../src/policies/registry.ts';
import { arbitrarySettings } from '../mutations/arbitrary-settings.ts';
import { clusterOf, specOf } from '../policies/facts-of.ts';
import { fixtureNames, outcomes, readFixture } from '../policies/fixture.ts';
import { bytesOf, reviewOf, type ReviewFields } from '../support/reviews.ts';
import { arbitraryPod } from '../workload/arbitrary-pod.ts';

const never = Number.POSITIVE_INFINITY;

function requestOf(fields: ReviewFields): AdmissionRequest {
  const decoded = decodeReview(bytesOf(reviewOf(fields)));
  if (!decoded.ok) throw new Error(decoded.bad.message);
  return decoded.request;
}

function policyOf(name: string, settings: object): WorkloadPolicy {
  return { apiVersion: 'gpugate.dev/v1alpha1', kind: 'WorkloadPolicy', metadata: { name }, spec: specOf(settings) };
}

function sourcesOf(settings: readonly object[], nodes: Parameters<typeof clusterOf>[0]) {
  const policies = settings.map((each, index) => compilePolicy(policyOf(`p${index}`, each)));
  const cluster = clusterOf(nodes);
  const sources: AdmissionSources = {
    policies: () => policies,
    cluster: () => cluster,
    findExemption: () => undefined,
    maxStalenessMs: never,
  };
  return { sources, policies, cluster };
}

/** What the server answers, and what a replay of its record under the same policies and facts does. */
async function answers(
  webhook: WebhookId,
  request: AdmissionRequest,
  { sources, policies, cluster }: ReturnType<typeof sourcesOf>,
): Promise<{ given: RecordedAnswer; recorded: RecordedAnswer; again: RecordedAnswer }> {
  const admit =
    webhook === 'pods.mutate' ? createMutatePods(sources) : createValidate(sources, { needsFreshView: true });
  const outcome: Outcome = await admit(request, never);
  const line = recordLine({ webhook, timeMs: 0, request, outcome });
  const read = readRecord(line);
  if (!('record' in read)) throw new Error(read.problem);
  const judge = createRecordJudge({ policies, facts: cluster, quota: { quotas: [], pods: [] } });
  return {
    given: recordedAnswer(request, outcome),
    recorded: read.record.answer,
    again: await judge(read.record),
  };
}

const fixtures = rules.flatMap(({ id }) =>
  outcomes.flatMap((outcome) =>
    fixtureNames(id, outcome, '.yaml').map((name): [string, typeof id, typeof outcome, string] => [
      `${id}/${outcome}/${name}`,
      id,
      outcome,
      name,
    ]),
  ),
);

describe('a record is judged as the review was', () => {
  test.each(fixtures)('%s', async (_, rule, outcome, name) => {
    const { policy, object, oldObject, operation = 'CREATE', user, nodes = [] } = readFixture(rule, outcome, name);
    const { kind, metadata } = object;
    const text = (key: string): string => (typeof metadata[key] === 'string' ? metadata[key] : '');
    const request = requestOf({
      kind: { group: '', version: 'v1', kind },
      resource: { group: '', version: 'v1', resource: `${kind.toLowerCase()}s` },
      name: text('name'),
      namespace: text('namespace'),
      operation,
      object,
      ...(oldObject === undefined ? {} : { oldObject }),
      ...(user === undefined ? {} : { userInfo: user }),
    });
    const world = sourcesOf([policy], nodes);
    for (const webhook of ['gpu.validate', 'pods.mutate'] as const) {
      const { given, recorded, again } = await answers(webhook, request, world);
      expect(recorded).toStrictEqual(given);
      expect(again).toStrictEqual(given);
    }
  });

  test('any pod under any policies', async () => {
    let patched = 0;
    await fc.assert(
      fc.asyncProperty(
        arbitraryPod,
        fc.array(arbitrarySettings, { minLength: 1, maxLength: 3 }),
        fc.constantFrom('gpu.validate' as const, 'pods.mutate' as const),
        async (object, settings, webhook) => {
          const judged = [...settings, { labels: { require: ['team'] } }];
          const { given, recorded, again } = await answers(webhook, requestOf({ object }), sourcesOf(judged, []));
          expect(recorded).toStrictEqual(given);
          expect(again).toStrictEqual(given);
          if (given.patch.length > 0) patched++;
        },
      ),
      { numRuns: 1500 },
    );
    expect(patched).toBeGreaterThan(100);
  });
});
