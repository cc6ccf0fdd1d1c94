import { describe, expect, test } from 'vitest';
import {
  createMutatePods,
  createValidate,
  createValidateOthers,
  type AdmissionSources,
} from '../../src/admission/admit.ts';
import type { Outcome } from '../../src/admission/decision.ts';
import { compileExemptions } from '../../src/admission/exemption.ts';
import { createHandleReview } from '../../src/http/reviews.ts';
import { compilePolicy, verifyPolicy } from '../../src/admission/policy-set.ts';
import { decodeReview, type AdmissionRequest } from '../../src/review/decode.ts';
import { workloadPolicySpec, type WorkloadPolicy } from '../../src/api/workload-policy.ts';
import type { ReserveResult } from '../../src/quota/rules/reserve-result.ts';
import type { ClusterFacts } from '../../src/workload/cluster-facts.ts';
import { recordingTelemetry } from '../support/example-handlers.ts';
import { bytesOf, gpuPod, reviewOf, type ReviewFields } from '../support/reviews.ts';
import { short } from './example-shortfall.ts';

const cluster: ClusterFacts = {
  namespaceLabels: (name) =>
    name === 'proj-a' ? { 'kubernetes.io/metadata.name': 'proj-a', tier: 'gold' } : undefined,
  nodes: [],
  extendedResources: new Set(),
  stalenessMs: () => 10,
};

function policyOf(name: string, spec: unknown): WorkloadPolicy {
  return {
    apiVersion: 'gpugate.dev/v1alpha1',
    kind: 'WorkloadPolicy',
    metadata: { name },
    spec: workloadPolicySpec.parse(spec),
  };
}

function sourcesOf(specs: Record<string, unknown>, rest: Partial<AdmissionSources> = {}): AdmissionSources {
  const policies = Object.entries(specs)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, spec]) => compilePolicy(policyOf(name, spec)));
  return {
    policies: () => policies,
    cluster: () => cluster,
    findExemption: compileExemptions({ namespaces: ['kube-*'], users: ['system:node:*'], groups: ['admins'] }),
    maxStalenessMs: 1000,
    ...rest,
  };
}

function requestOf(fields: ReviewFields): AdmissionRequest {
  const decoded = decodeReview(bytesOf(reviewOf(fields)));
  if (!decoded.ok) throw new Error(decoded.bad.message);
  return decoded.request;
}

const validate = (specs: Record<string, unknown>, fields: ReviewFields = {}): Outcome =>
  now(createValidate(sourcesOf(specs), fresh)(requestOf(fields), never));
const mutate = (specs: Record<string, unknown>, fields: ReviewFields = {}): Outcome =>
  now(createMutatePods(sourcesOf(specs))(requestOf(fields), never));

const requireTeamNowhere = { labels: { require: ['team'] }, match: { namespaces: ['nowhere'] } };
const requireTeam = { labels: { require: ['team'] } };
const mirror = gpuPod({ metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' } } });

const fresh = { needsFreshView: true };
const never = Number.POSITIVE_INFINITY;

/** Nothing is asked of a cluster in these tests, unless they say so. */
function now(outcome: Outcome | Promise<Outcome>): Outcome {
  if (outcome instanceof Promise) throw new Error('the decision waits for something');
  return outcome;
}

describe('a namespace that the view does not show', () => {
  const readBy = (readNamespace: NonNullable<ClusterFacts['readNamespace']>): AdmissionSources =>
    sourcesOf(
      { p: { ...requireTeam, match: { namespaceSelector: { matchLabels: { tier: 'new' } } } } },
      { cluster: () => ({ ...cluster, readNamespace }) },
    );
  const request = requestOf({ namespace: 'made-a-moment-ago' });

  test('is read, and its labels count', async () => {
    const asked: string[] = [];
    const sources = readBy(async (name) => {
      asked.push(name);
      return { tier: 'new' };
    });
    expect((await createValidate(sources, fresh)(request, never)).decision.kind).toBe('deny');
    expect(asked).toEqual(['made-a-moment-ago']);
  });

  test('has no labels when it does not exist', async () => {
    expect(
      (
        await createValidate(
          readBy(async () => undefined),
          fresh,
        )(request, never)
      ).decision.kind,
    ).toBe('allow');
  });

  test('is not judged without them', async () => {
    const sources = readBy(() => Promise.reject(new Error('down')));
    expect((await createMutatePods(sources)(request, never)).decision).toEqual({
      kind: 'undecided',
      cause: 'the namespace made-a-moment-ago is new, and the API server did not say its labels. Try again.',
    });
  });

  test('is not read for one that the view shows', () => {
    const sources = readBy(() => Promise.reject(new Error('never asked')));
    expect(now(createValidate(sources, fresh)(requestOf({}), never)).decision.kind).toBe('allow');
  });
});

describe('exemptions', () => {
  const cases: Readonly<Record<string, [ReviewFields, string | undefined]>> = {
    'an exempt namespace': [{ namespace: 'kube-system' }, 'namespace kube-system'],
    'an exempt user': [{ userInfo: { username: 'system:node:n1', groups: [] } }, 'user system:node:n1'],
    'an exempt group': [{ userInfo: { username: 'bob', groups: ['x', 'admins'] } }, 'group admins'],
    'a mirror pod that a kubelet sends': [
      { userInfo: { username: 'n', groups: ['system:nodes'] }, object: mirror },
      'mirror pod',
    ],
    'nobody else, not even with the annotation of a mirror pod': [{ object: mirror }, undefined],
  };
  test.each(Object.entries(cases))('%s', (_, [fields, exemption]) => {
    for (const outcome of [
      validate({ p: requireTeam }, fields),
      mutate({ p: { labels: { set: { a: 'b' } } } }, fields),
    ]) {
      expect(outcome.exemption).toBe(exemption);
      if (exemption !== undefined) expect(outcome.decision).toEqual({ kind: 'allow', warnings: [], patch: [] });
    }
    expect(validate({ p: requireTeam }, fields).decision.kind).toBe(exemption === undefined ? 'deny' : 'allow');
  });
});

describe('which policies cover a request', () => {
  const match = (fields: object) => ({ ...requireTeam, match: fields });
  const cases: Readonly<Record<string, [object, ReviewFields, boolean]>> = {
    'a glob of the namespace': [match({ namespaces: ['proj-*'] }), {}, true],
    'no glob that fits': [match({ namespaces: ['team-*'] }), {}, false],
    'the labels of the namespace': [match({ namespaceSelector: { matchLabels: { tier: 'gold' } } }), {}, true],
    'other labels': [match({ namespaceSelector: { matchLabels: { tier: 'lead' } } }), {}, false],
    'the name label of a namespace that is not in view yet': [
      match({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'new' } } }),
      { namespace: 'new' },
      true,
    ],
    'an excluded namespace': [match({ excludeNamespaces: ['proj-a'] }), {}, false],
    'an excluded user': [match({ excludeUsers: ['al*'] }), {}, false],
    'an excluded group': [match({ excludeGroups: ['tenants'] }), {}, false],
  };
  test.each(Object.entries(cases))('%s', (_, [spec, fields, covers]) => {
    const outcome = validate({ p: spec }, fields);
    expect(outcome.policies).toEqual(covers ? ['p'] : []);
    expect(outcome.decision.kind).toBe(covers ? 'deny' : 'allow');
  });
});

describe('enforcement', () => {
  const [deny, warn, audit] = ['Deny', 'Warn', 'Audit'].map((enforcement) => ({ ...requireTeam, enforcement }));
  const finding = (policy: string, enforcement: string) => ({
    rule: 'required-labels',
    policy,
    enforcement,
    violation: expect.objectContaining({ path: 'metadata.labels[team]' }) as unknown,
  });

  test('each policy counts with its own, and the strictest answer wins', () => {
    const outcome = validate({ a: audit, b: warn, c: deny });
    expect(outcome.decision).toMatchObject({ kind: 'deny', warnings: [expect.stringContaining('[required-labels]')] });
    expect(outcome.findings).toEqual([finding('a', 'Audit'), finding('b', 'Warn'), finding('c', 'Deny')]);
  });

  test('Warn allows with warnings, Audit without a word', () => {
    expect(validate({ b: warn }).decision).toMatchObject({
      kind: 'allow',
      warnings: [expect.stringContaining('team')],
    });
    expect(validate({ a: audit }).decision).toEqual({ kind: 'allow', warnings: [], patch: [] });
  });

  test('Audit mutates nothing; policies mutate in order of their names and never overwrite', () => {
    const set = (value: string, enforcement = 'Deny') => ({ enforcement, labels: { set: { x: value } } });
    const outcome = mutate({ c: set('third'), b: set('second'), a: set('first', 'Audit') });
    expect(outcome.decision).toMatchObject({ patch: [{ op: 'add', path: '/metadata/labels/x', value: 'second' }] });
  });
});

describe('what the schema cannot judge', () => {
  test('is a finding with its field, whatever is thrown', () => {
    expect(verifyPolicy(policyOf('p', { names: { pattern: '(' } }))).toMatchObject({ field: 'spec.names.pattern' });
    expect(verifyPolicy(policyOf('p', requireTeam))).toBeUndefined();
    const { spec, ...rest } = policyOf('p', {});
    // Past the schema's bound, picomatch throws an error of its own.
    const unusable = { ...rest, spec: { ...spec, match: { ...spec.match, excludeUsers: ['?'.repeat(70_000)] } } };
    expect(verifyPolicy(unusable)).toEqual({ field: 'spec', message: expect.stringMatching(/^cannot be used: ./) });
  });

  test('is compiled once for each policy', () => {
    const policy = policyOf('p', requireTeam);
    expect(compilePolicy(policy)).toBe(compilePolicy(policy));
    expect(compilePolicy(policyOf('p', requireTeam))).not.toBe(compilePolicy(policy));
  });
});

describe('mutations that did not survive', () => {
  const set = (key: string, enforcement = 'Deny') => ({ enforcement, labels: { set: { [key]: 'x' } } });
  const warnings = (outcome: Outcome) => (outcome.decision.kind === 'allow' ? outcome.decision.warnings : []);

  test('are told by the policy whose they are, and by no other', () => {
    const outcome = validate({ a: set('mine'), b: set('group-id'), c: requireTeamNowhere });
    expect(outcome.findings.map(({ policy }) => policy)).toEqual(['a']);
    expect(warnings(outcome)).toEqual([expect.stringContaining('metadata.labels.mine')]);
  });

  test('are no concern of a policy that only audits, which mutates nothing', () => {
    expect(validate({ a: set('mine', 'Audit') }).findings).toEqual([]);
  });
});

describe('undecided', () => {
  const cases: Readonly<Record<string, [Partial<AdmissionSources>, string]>> = {
    'before policies are loaded': [
      { policies: () => undefined },
      'no policies are loaded yet. Try again in a few seconds.',
    ],
    'before the view has synced': [
      { cluster: () => undefined },
      'the view of the cluster has not synced yet. Try again in a few seconds.',
    ],
    'on a view that is too old': [
      { cluster: () => ({ ...cluster, stalenessMs: () => 61_000 }) },
      "the view of the cluster is 61 s old. A cluster admin should look at gpugate's log.",
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [rest, cause]) => {
    const sources = sourcesOf({ p: requireTeam }, rest);
    const admits = [createValidate(sources, fresh)];
    if (rest.cluster === undefined || rest.cluster() === undefined) admits.push(createMutatePods(sources));
    for (const admit of admits) {
      expect(now(admit(requestOf({}), never)).decision).toEqual({ kind: 'undecided', cause });
      expect(now(admit(requestOf({ namespace: 'kube-system' }), never)).decision.kind).toBe('allow');
    }
  });

  test('but an old view still changes pods, and judges those that touch no GPU', () => {
    const sources = sourcesOf(
      { p: { labels: { set: { a: 'b' }, require: ['team'] } } },
      { cluster: () => ({ ...cluster, stalenessMs: () => 61_000 }) },
    );
    expect(now(createMutatePods(sources)(requestOf({}), never)).mutations).toEqual(['standard-labels']);
    expect(now(createValidate(sources, { needsFreshView: false })(requestOf({}), never)).decision.kind).toBe('deny');
  });

  test('when a rule throws', () => {
    const telemetry = recordingTelemetry();
    const broken = createHandleReview(
      'w',
      () => {
        throw new Error('boom');
      },
      telemetry,
    );
    expect(broken(bytesOf(reviewOf({})), 9)).toMatchObject({
      status: 500,
      body: expect.stringContaining('an internal error') as string,
    });
    expect(telemetry.log.entries.at(-1)).toMatchObject({ level: 'error', fields: { error: new Error('boom') } });
  });
});

describe('what is judged', () => {
  const bare = (labels: object) => gpuPod({ metadata: { labels } });
  const cases: Readonly<Record<string, [ReviewFields, string]>> = {
    'a pod that is created': [{}, 'deny'],
    'a pod that is deleted': [{ operation: 'DELETE', object: null, oldObject: gpuPod() }, 'allow'],
    'exec into a pod': [{ operation: 'CONNECT', subResource: 'exec', object: {} }, 'allow'],
    'a status update': [
      { operation: 'UPDATE', subResource: 'status', oldObject: bare({ team: 'x' }), object: bare({}) },
      'allow',
    ],
    'an update that loses the label': [
      { operation: 'UPDATE', oldObject: bare({ team: 'x' }), object: bare({}) },
      'deny',
    ],
    'an update of a pod that never had it': [
      { operation: 'UPDATE', oldObject: bare({ a: '1' }), object: bare({ a: '2' }) },
      'allow',
    ],
    'a kind that no policy names': [
      { kind: { group: '', version: 'v1', kind: 'Service' }, object: { metadata: { name: 'x' } } },
      'allow',
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [fields, kind]) => {
    expect(validate({ p: requireTeam }, fields).decision.kind).toBe(kind);
  });

  test('an object that is not what its kind says is HTTP 400 with the field', () => {
    const handle = createHandleReview('w', createValidate(sourcesOf({}), fresh), recordingTelemetry());
    expect(handle(bytesOf(reviewOf({ object: { spec: { containers: 'x' } } })), 9)).toMatchObject({
      status: 400,
      body: 'request.object: spec.containers must be a list',
    });
  });
});

describe('pods.validate', () => {
  const plain = gpuPod({ containers: [{ name: 'x', image: 'x' }] });
  const elsewhere = 'judged by gpu.validate';
  const cases: Readonly<Record<string, [ReviewFields, 'allow' | 'deny', string | undefined]>> = {
    'leaves out a new pod with a GPU': [{}, 'allow', elsewhere],
    'leaves out a resize of one': [{ operation: 'UPDATE', subResource: 'resize' }, 'allow', elsewhere],
    'leaves out a new ephemeral container of one': [
      { operation: 'UPDATE', subResource: 'ephemeralcontainers' },
      'allow',
      elsewhere,
    ],
    'leaves out an update that changes labels of one': [
      { operation: 'UPDATE', oldObject: gpuPod({ metadata: { labels: { team: 'x' } } }) },
      'allow',
      elsewhere,
    ],
    'judges an update that changes no label, for which gpu.validate is not asked': [
      {
        operation: 'UPDATE',
        object: gpuPod({ metadata: { labels: { team: '' }, annotations: { note: 'x' } } }),
        oldObject: gpuPod({ metadata: { labels: { team: '' } } }),
      },
      'allow',
      undefined,
    ],
    'judges a new pod without a GPU': [{ object: plain }, 'deny', undefined],
    'judges a resize of one': [{ operation: 'UPDATE', subResource: 'resize', object: plain }, 'deny', undefined],
  };
  test.each(Object.entries(cases))('%s', (_, [fields, kind, exemption]) => {
    const outcome = now(createValidateOthers(sourcesOf({ p: requireTeam }))(requestOf(fields), never));
    expect([outcome.decision.kind, outcome.exemption]).toEqual([kind, exemption]);
  });
});

test('who made an object is told by its namespace, which the request says too', () => {
  const spec = { names: { format: '{prefix}-{id}-{name}' } };
  const ownerReferences = [{ kind: 'ReplicaSet', name: 'web', controller: true }];
  const fields = (username: string) => ({
    name: 'web-x',
    object: gpuPod({ metadata: { name: 'web-x', namespace: undefined, ownerReferences } }),
    userInfo: { username, groups: [] },
  });
  expect(validate({ p: spec }, fields('system:serviceaccount:proj-a:default')).decision.kind).toBe('deny');
  expect(validate({ p: spec }, fields('system:serviceaccount:operators:x')).decision.kind).toBe('allow');
});

test('one log line a request, with the decision and nothing of the environment', async () => {
  const telemetry = recordingTelemetry();
  const handle = createHandleReview('gpu.validate', createValidate(sourcesOf({ p: requireTeam }), fresh), telemetry);
  const container = { name: 'x', image: 'x', env: [{ name: 'PASSWORD', value: 'hunter2' }] };
  const answer = await handle(bytesOf(reviewOf({ object: gpuPod({ containers: [container] }) })), 9);
  answer.tell?.(12.5);
  expect(telemetry.log.entries).toHaveLength(1);
  expect(telemetry.log.entries[0]).toMatchObject({
    level: 'info',
    message: 'request',
    fields: { decision: 'deny', user: 'alice', policies: ['p'], durationMs: 12.5 },
  });
  expect(JSON.stringify(telemetry.log.entries)).not.toContain('hunter2');
  expect((await telemetry.metrics.expose()).body).toContain(
    'gpugate_admission_requests_total{webhook="gpu.validate",operation="CREATE",decision="deny"} 1',
  );
});

describe('quotas', () => {
  const charges = [{ quota: 'projects', group: 'a', charge: new Map([['nvidia.com/gpu', 1]]) }];
  const answering = (result: ReserveResult, asked: string[] = []): AdmissionSources =>
    sourcesOf(
      { p: requireTeam },
      {
        reserve: async (_, pod) => {
          asked.push(pod.meta.name);
          return result;
        },
        groupChanges: ({ labels: before }, { labels: after }) =>
          before['team'] === after['team']
            ? []
            : [{ quota: 'projects', enforcement: 'Deny', from: before['team'], to: after['team'] }],
      },
    );
  const teamPod = (team: string) => gpuPod({ metadata: { name: 'job-1', labels: { team } } });
  const decide = async (result: ReserveResult, fields: ReviewFields, asked: string[] = []) =>
    createValidate(answering(result, asked), fresh)(requestOf(fields), never);

  test('are asked when every rule allows, and what they charge is told', async () => {
    const asked: string[] = [];
    const outcome = await decide({ kind: 'fits', charges, noted: [] }, { object: teamPod('x') }, asked);
    expect([outcome.decision.kind, outcome.charges]).toEqual(['allow', ['projects/a nvidia.com/gpu=1']]);
    expect(asked).toEqual(['job-1']);
  });

  test('are not asked for a pod that a rule refuses, nor for an update', async () => {
    const asked: string[] = [];
    const fits: ReserveResult = { kind: 'fits', charges, noted: [] };
    expect((await decide(fits, {}, asked)).decision.kind).toBe('deny');
    const update = { operation: 'UPDATE', object: teamPod('x'), oldObject: teamPod('x') } as const;
    expect((await decide(fits, update, asked)).decision.kind).toBe('allow');
    expect(asked).toEqual([]);
  });

  test('refuse with the numbers and the largest users', async () => {
    const { decision, findings } = await decide(
      { kind: 'short', shortfalls: [short], noted: [] },
      { object: teamPod('x') },
    );
    expect(decision).toMatchObject({
      kind: 'deny',
      violations: [
        {
          rule: 'quota',
          path: '',
          reason: 'nvidia.com/gpu: 4 requested, 14 used and 1 reserved of 16 in group a, 3 short.',
          detail: 'Largest users: job-3-llm 8, job-5-eval 4.',
          advice: 'Ask for 1 or less, delete a pod, or wait.',
          source: 'quota projects',
        },
      ],
    });
    expect(findings).toMatchObject([{ rule: 'quota', policy: 'projects', enforcement: 'Deny' }]);
  });

  test('that cannot be asked leave it undecided', async () => {
    const { decision } = await decide({ kind: 'undecided', cause: 'no time.' }, { object: teamPod('x') });
    expect(decision).toEqual({ kind: 'undecided', cause: 'no time.' });
  });

  test('refuse an update that would charge another group', async () => {
    const fits: ReserveResult = { kind: 'fits', charges, noted: [] };
    const { decision } = await decide(fits, {
      operation: 'UPDATE',
      object: teamPod('y'),
      oldObject: teamPod('x'),
    });
    expect(decision).toMatchObject({
      kind: 'deny',
      violations: [
        {
          rule: 'quota',
          path: 'metadata.labels',
          reason: 'The update moves the pod from group x to group y, but a pod stays in the group it was created in.',
          advice: 'Create a new pod instead.',
          source: 'quota projects',
        },
      ],
    });
  });
});
