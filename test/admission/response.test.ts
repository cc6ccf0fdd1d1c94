import { describe, expect, test } from 'vitest';
import { allowed, allowedWith, denied, undecided, type Outcome } from '../../src/admission/decision.ts';
import { responseOf } from '../../src/admission/response.ts';
import { decodeReview, type AdmissionRequest } from '../../src/review/decode.ts';
import { respond } from '../../src/review/respond.ts';
import { bytesOf, gpuPod, reviewOf, type ReviewFields } from '../support/reviews.ts';

function requestOf(fields: ReviewFields = {}): AdmissionRequest {
  const decoded = decodeReview(bytesOf(reviewOf({ uid: 'u-1', ...fields })));
  if (!decoded.ok) throw new Error(decoded.bad.message);
  return decoded.request;
}

const violation = { rule: 'gpu-mixed', path: 'spec', reason: 'Two kinds.', advice: 'Drop one.', source: 'policy q' };
const reviewWith = (response: object) => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  response: { uid: 'u-1', ...response },
});

const answerTo = (request: AdmissionRequest, outcome: Outcome) => respond(request, responseOf(request, outcome));

describe('the answer to a request', () => {
  const cases: Readonly<Record<string, [Outcome, object]>> = {
    'a plain allow': [allowed(), { allowed: true, auditAnnotations: { decision: 'allow' } }],
    'an exemption': [
      allowed({ exemption: 'namespace kube-system' }),
      { allowed: true, auditAnnotations: { decision: 'allow', exempt: 'namespace kube-system' } },
    ],
    'a patch, with what made it': [
      allowedWith(
        { patch: [{ op: 'add', path: '/a', value: 'é' }] },
        { policies: ['p'], mutations: ['m'], viewAgeMs: 1.6 },
      ),
      {
        allowed: true,
        patchType: 'JSONPatch',
        patch: Buffer.from('[{"op":"add","path":"/a","value":"é"}]').toString('base64'),
        auditAnnotations: { decision: 'allow', policies: 'p', 'view-age-ms': '2', mutations: 'm' },
      },
    ],
    'warnings beside a denial': [
      denied([violation], ['careful'], {
        policies: ['p', 'q'],
        findings: [{ rule: 'gpu-mixed', policy: 'q', enforcement: 'Deny', violation }],
      }),
      {
        allowed: false,
        status: {
          status: 'Failure',
          message:
            '[gpu-mixed] spec: Two kinds. Drop one. (policy q)\n 1 reason; gpugate refused pod proj-a/job-7-train.',
          reason: 'Forbidden',
          code: 403,
        },
        warnings: ['careful'],
        auditAnnotations: { decision: 'deny', policies: 'p,q', findings: 'q/gpu-mixed=Deny' },
      },
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [outcome, response]) => {
    const answer = answerTo(requestOf(), outcome);
    expect([answer.status, answer.contentType]).toEqual([200, 'application/json']);
    expect(JSON.parse(answer.body)).toEqual(reviewWith(response));
  });

  test('undecided is HTTP 500 with one sentence, so that failurePolicy decides', () => {
    expect(answerTo(requestOf(), undecided('the view is gone.'))).toEqual({
      status: 500,
      contentType: 'text/plain; charset=utf-8',
      body: 'gpugate could not decide: the view is gone.',
    });
  });

  const subjects: Readonly<Record<string, [ReviewFields, string]>> = {
    'a pod without a name yet': [
      { name: '', object: gpuPod({ metadata: { name: undefined, generateName: 'job-1-' } }) },
      'pod proj-a/job-1-*',
    ],
    'a subresource': [{ subResource: 'resize' }, 'pods/resize proj-a/job-7-train'],
    'another kind': [{ kind: { group: 'apps', version: 'v1', kind: 'Deployment' } }, 'deployment proj-a/job-7-train'],
    'an object of no namespace': [{ namespace: '' }, 'pod job-7-train'],
  };
  test.each(Object.entries(subjects))('names %s', (_, [fields, subject]) => {
    const answer = answerTo(requestOf(fields), denied([violation], []));
    expect(answer.body).toContain(`1 reason; gpugate refused ${subject}.`);
  });
});
