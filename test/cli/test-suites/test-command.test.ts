import { describe, expect, test } from 'vitest';
import { gpuPod, reviewOf } from '../../support/reviews.ts';
import { podOf, policy, quota, runTests, suiteOf } from './run-tests.ts';

const mixed = podOf('mixed', 'nvidia.com/gpu: 1, nvidia.com/gpu.shared: 1');
const plain = podOf('plain', 'nvidia.com/gpu: 1');
const files = (cases: string, head?: string) => ({ 'policy.yaml': policy, 'suite.yaml': suiteOf(cases, head) });

describe('gpugate test', () => {
  test('says what was expected and what happened, each with its place', async () => {
    const cases = `
  - name: a good pod
    objects: [${plain}]
  - name: a mixed pod
    objects: [${mixed}]
    expect:
      rules: [required-labels]
      message: |
        [required-labels]
         1 reason; gpugate refused pod default/mixed.
`;
    const { code, output } = await runTests(files(cases), ['suite.yaml']);
    expect(output).toBe(`suite
  ✓ a good pod
  ✗ a mixed pod
      suite.yaml:10:5: error [expectation] expect.decision: expected Allow, got Deny
      suite.yaml:11:7: error [expectation] expect.rules: expected required-labels, got platform/gpu-mixed
      suite.yaml:12:7: error [expectation] expect.message: differs
      the case: suite.yaml:8:5
      decision:
      [gpu-mixed] spec.containers[0].resources.limits: nvidia.com/gpu and nvidia.com/gpu.shared in one pod. Ask for one of them. (policy platform)
       1 reason; gpugate refused pod default/mixed.
      rules:
      - required-labels
      + platform/gpu-mixed (Deny)
      message:
      - [required-labels]
      + [gpu-mixed] spec.containers[0].resources.limits: nvidia.com/gpu and nvidia.com/gpu.shared in one pod. Ask for one of them. (policy platform)
         1 reason; gpugate refused pod default/mixed.

1 failed, 1 passed, of 2
`);
    expect(code).toBe(1);
  });

  test('reads objects, snapshots and users from where the case says, relative to the suite', async () => {
    const cases = `
  - name: another namespace
    objects: [pods/two.yaml]
    namespace: team-a
    user: bob
    groups: [tenants]
    snapshot: facts/cluster.yaml
    expect:
      object:
        metadata: { name: second, labels: { team: x, managed-by: team-a } }
`;
    const set = policy.replace('managed-by: platform', "managed-by: '{namespace}', team: '{namespace.labels.team}'");
    const snapshot = `apiVersion: gpugate.dev/v1alpha1
kind: ClusterSnapshot
namespaces: [{ name: team-a, labels: { team: x } }]
`;
    const pod = (name: string) =>
      `{ apiVersion: v1, kind: Pod, metadata: { name: ${name} }, spec: { containers: [] } }`;
    const { code, output } = await runTests(
      {
        'rules/policy.yaml': set,
        'here/suite.yaml': suiteOf(cases, 'policies: [../rules]'),
        'here/facts/cluster.yaml': snapshot,
        'here/pods/two.yaml': `${pod('first')}\n---\n${pod('second')}\n`,
      },
      ['here'],
    );
    expect(output).toBe('suite\n  ✓ another namespace\n\n1 passed, of 1\n');
    expect(code).toBe(0);
  });

  test('charges quotas within a case, and begins each case anew', async () => {
    const pods = ['a', 'b', 'c'].map((name) => podOf(name, 'nvidia.com/gpu: 1')).join(', ');
    const cases = [1, 2]
      .map(
        (number) => `
  - name: case ${number}
    objects: [${pods}]
    expect:
      decision: Deny
      rules: [all/quota]
      messageContains: ['2 used of 2', 'a 1, b 1']
`,
      )
      .join('');
    const all = { ...files(cases), 'policy.yaml': `${policy}---\n${quota}` };
    const { code, output } = await runTests(all, ['suite.yaml']);
    expect(output).toContain('2 passed, of 2');
    expect(code).toBe(0);
  });

  test('fails a case of which an object before the last is refused, whatever it expects', async () => {
    const cases = `
  - name: two pods
    objects: [${mixed}, ${mixed}]
    expect: { decision: Deny }
`;
    const { code, output } = await runTests(files(cases), ['suite.yaml']);
    expect(output).toContain(
      'suite.yaml:6:5: error [refused-before] the object at suite.yaml:7:15, applied before the last, was not allowed',
    );
    expect(output).toContain('[gpu-mixed]');
    expect(code).toBe(1);
  });

  test('judges updates against the old object, and deletions', async () => {
    const cases = `
  - name: an update brings nothing new
    objects: [${mixed}]
    oldObject: ${mixed}
    expect: { rules: [] }
  - name: an update brings something in
    objects: [${mixed}]
    oldObject: ${podOf('mixed', 'nvidia.com/gpu: 1')}
    expect: { decision: Deny, rules: [gpu-mixed] }
  - name: a deletion
    objects: [${plain}]
    operation: DELETE
    expect: { rules: [], patch: [] }
`;
    const { code, output } = await runTests(files(cases), ['suite.yaml']);
    expect(output).toContain('3 passed, of 3');
    expect(code).toBe(0);
  });

  test('runs only what --run matches', async () => {
    const cases = ['one', 'two'].map((name) => `\n  - name: ${name}\n    objects: [${plain}]`).join('');
    const ran = await runTests(files(cases), ['suite.yaml', '--run=^suite/t']);
    expect(ran.output).toBe('suite\n  ✓ two\n\n1 passed, of 1\n');
    const none = await runTests(files(cases), ['suite.yaml', '--run=three']);
    const message = '--run: none of the 2 cases matches; their names have the form SUITE/CASE\n';
    expect(none).toMatchObject({ code: 2, output: message });
    const broken = await runTests(files(cases), ['suite.yaml', '--run=(']);
    expect(broken.code).toBe(2);
    expect(broken.output).toContain('it is not a regular expression (RE2)');
  });

  test('says in JSON what was got', async () => {
    const cases = `\n  - name: mixed\n    objects: [${mixed}]\n    expect: { decision: Deny }\n`;
    const { code, output } = await runTests(files(cases), ['suite.yaml', '--output=json']);
    const [result] = (JSON.parse(output) as { results: unknown[] }).results;
    expect(result).toMatchObject({ name: 'mixed', verdict: 'pass', data: { decision: 'Deny', rules: ['gpu-mixed'] } });
    expect(code).toBe(0);
  });

  test('takes a directory with its suites, and leaves other files in it alone', async () => {
    const cases = `\n  - name: plain\n    objects: [../pod.yaml]\n`;
    const all = {
      'all/policy.yaml': policy,
      'all/pod.yaml': plain,
      'all/suites/one.yaml': suiteOf(cases, 'policies: [../policy.yaml]'),
      'all/suites/two.json': JSON.stringify({
        apiVersion: 'gpugate.dev/v1alpha1',
        kind: 'PolicyTest',
        metadata: { name: 'two' },
        policies: ['../policy.yaml'],
        cases: [{ name: 'plain', objects: ['../pod.yaml'] }],
      }),
      'all/.draft.yaml': 'kind: PolicyTest\nbroken',
    };
    const { code, output } = await runTests(all, ['all']);
    expect(output).toBe('suite\n  ✓ plain\n\ntwo\n  ✓ plain\n\n2 passed, of 2\n');
    expect(code).toBe(0);
  });
});

describe('other objects than pods:', () => {
  const template = `{ metadata: { labels: { team: a } }, spec: { containers: [{ name: m, image: i, resources: { limits: { nvidia.com/gpu: 1 } } }] } }`;
  const deployment = (replicas: number) =>
    `{ apiVersion: apps/v1, kind: Deployment, metadata: { name: web }, spec: { replicas: ${replicas}, template: ${template} } }`;

  test('of a workload its pods are judged and charged, as many as there will be', async () => {
    const cases = `
  - name: fits
    objects: [${deployment(2)}]
    expect:
      rules: []
      object: { kind: Pod, metadata: { labels: { managed-by: platform } } }
  - name: one too many
    objects: [${deployment(3)}]
    expect: { decision: Deny, rules: [all/quota], messageContains: ['2 used of 2'] }
`;
    const all = { ...files(cases), 'policy.yaml': `${policy}---\n${quota}` };
    const { code, output } = await runTests(all, ['suite.yaml']);
    expect(output).toContain('2 passed, of 2');
    expect(code).toBe(0);
  });

  test('of a kind that nobody judges it is said', async () => {
    const cases = `\n  - name: settings\n    objects: [{ apiVersion: v1, kind: ConfigMap, metadata: { name: a } }]\n`;
    const { code, output } = await runTests(files(cases), ['suite.yaml']);
    expect(output).toContain('✓ settings\n      not judged: no policy covers the kind ConfigMap\n');
    expect(code).toBe(0);
  });

  test('a recorded review is judged as it says itself', async () => {
    const review = JSON.stringify(reviewOf({ namespace: 'other', object: gpuPod({ metadata: { labels: {} } }) }));
    const cases = `\n  - name: recorded\n    objects: [review.json]\n    expect: { decision: Deny, messageContains: [pod other/job-7-train] }\n`;
    const { code, output } = await runTests({ ...files(cases), 'review.json': review }, ['suite.yaml']);
    expect(output).toContain('1 passed, of 1');
    expect(code).toBe(0);
  });

  test('an update that changes who is charged is refused', async () => {
    const cases = `
  - name: moved
    objects: [${plain.replace('team: a', 'team: b')}]
    oldObject: ${plain}
    expect: { decision: Deny, rules: [all/quota], messageContains: [from group a to group b] }
`;
    const grouped = quota.replace('spec: {', 'spec: { scope: { namespaces: [default], groupBy: { podLabel: team } },');
    const all = { ...files(cases), 'policy.yaml': `${policy}---\n${grouped}` };
    const { code, output } = await runTests(all, ['suite.yaml']);
    expect(output).toContain('1 passed, of 1');
    expect(code).toBe(0);
  });

  test('a Namespace of the case has the labels that it says', async () => {
    const cases = `
  - name: selected
    objects:
      - { apiVersion: v1, kind: Namespace, metadata: { name: default, labels: { gpus: 'yes' } } }
      - ${mixed}
    expect: { decision: Deny }
  - name: not selected
    objects: [${mixed}]
`;
    const selecting = policy.replace(
      '  gpu:',
      '  match: { namespaceSelector: { matchLabels: { gpus: "yes" } } }\n  gpu:',
    );
    const { code, output } = await runTests({ ...files(cases), 'policy.yaml': selecting }, ['suite.yaml']);
    expect(output).toContain('2 passed, of 2');
    expect(code).toBe(0);
  });
});

describe('--coverage', () => {
  const cases = `\n  - name: mixed\n    objects: [${mixed}]\n    expect: { decision: Deny }\n`;

  test('tells what no case touched', async () => {
    const head = 'policies: [policy.yaml]\nquotas: [quota.yaml]';
    const { code, output } = await runTests({ ...files(cases, head), 'quota.yaml': quota }, [
      'suite.yaml',
      '--coverage',
    ]);
    const table = output.slice(output.indexOf('coverage\n'));
    expect(table).toContain('✓ 1 of 7 rules and quotas (14%)');
    expect(table).toMatch(/platform +gpu-mixed +1 +0 +never passed\n/);
    expect(table).toMatch(/platform +required-labels +0 +1 +never violated\n/);
    expect(table).toMatch(/all +0 +0 +charges no case\n/);
    expect(code).toBe(0);
  });

  test('fails below --coverage-min', async () => {
    const { code, output } = await runTests(files(cases), ['suite.yaml', '--coverage-min=50']);
    expect(output).toContain(
      'error [coverage] 16% is less than --coverage-min 50; write cases for the rules and quotas that are marked as missing',
    );
    expect(code).toBe(1);
    const wrong = await runTests(files(cases), ['suite.yaml', '--coverage-min=101']);
    expect(wrong.code).toBe(2);
  });
});
