import { describe, expect, test } from 'vitest';
import { podOf, policy, quota, runTests, suiteOf } from './run-tests.ts';

const pod = podOf('a');
const good = `\n  - name: one\n    objects: [${pod}]\n`;

/** Files, and what is said of them; each with exit code 2. */
const bad: Readonly<Record<string, [files: Record<string, string>, told: string]>> = {
  'no such file': [{}, 'suite.yaml:1:1 does not exist; name a file or a directory with suites\n'],
  'an empty file': [{ 'suite.yaml': '' }, 'suite.yaml:1:1 is empty; a suite is a PolicyTest object\n'],
  'broken YAML': [
    { 'suite.yaml': 'kind: PolicyTest\n  a: b' },
    'suite.yaml:1:7 not valid YAML: Nested mappings are not allowed in compact mappings\n',
  ],
  'another kind': [
    { 'suite.yaml': 'apiVersion: gpugate.dev/v1alpha1\nkind: PolicyTests' },
    'suite.yaml:2:1 kind: the string "PolicyTests" is not supported here; did you mean PolicyTest?\n',
  ],
  'another version': [
    { 'suite.yaml': 'apiVersion: gpugate.dev/v2\nkind: PolicyTest' },
    'suite.yaml:1:1 apiVersion: the string "gpugate.dev/v2" is not supported here; expected PolicyTest (gpugate.dev/v1alpha1)\n',
  ],
  'no cases': [{ 'suite.yaml': suiteOf(' []') }, 'suite.yaml:5:1 cases: must have at least 1 entry\n'],
  'fields that nobody knows': [
    {
      'suite.yaml': suiteOf(`${good}    expects: {}\n  - name: two\n    objects: [${pod}]\n    expect: { rule: [] }\n`),
    },
    'suite.yaml:8:5 cases[0].expects: unknown field; did you mean expect?\n' +
      'suite.yaml:11:15 cases[1].expect.rule: unknown field; did you mean rules?\n',
  ],
  'two cases of one name': [
    { 'suite.yaml': suiteOf(`${good}${good.trimStart().replace(/^/, '  ')}`) },
    'suite.yaml:8:5 cases[1].name: duplicate name "one", also at cases[0]\n',
  ],
  'two suites of one name': [
    { 'policy.yaml': policy, 'suite.yaml': `${suiteOf(good)}---\n${suiteOf(good)}` },
    'suite.yaml:11:13 metadata.name: suite suite is already defined at suite.yaml:3; rename one of them\n',
  ],
  'files that are not there': [
    {
      'suite.yaml': suiteOf(
        '\n  - name: one\n    objects: [a.yaml]\n    snapshot: b.yaml\n',
        'policies: [c]\nquotas: [d]',
      ),
    },
    'suite.yaml:4:12 policies[0]: c does not exist; name a file or a directory with policies\n' +
      'suite.yaml:5:10 quotas[0]: d does not exist; name a file or a directory with policies\n' +
      'suite.yaml:8:15 cases[0].objects[0]: a.yaml does not exist\n' +
      'suite.yaml:9:5 cases[0].snapshot: b.yaml does not exist\n',
  ],
  'nothing to test': [
    { 'suite.yaml': suiteOf(good, 'policies: []') },
    'suite.yaml:4:1 policies: nothing is tested; name policies or quotas\n',
  ],
  'problems of policies and quotas, where they stand': [
    {
      'suite.yaml': suiteOf(good, 'policies: [policy.yaml]\nquotas: [quota.yaml]'),
      'policy.yaml': policy.replace('allowMixed', 'allowMixt'),
      'quota.yaml': quota.replace('nvidia.com/gpu: 2', 'nvidia.com/gpu: many'),
    },
    'policy.yaml:6:10 spec.gpu.allowMixt: unknown field; did you mean allowMixed?\n' +
      'quota.yaml:4:17 spec.hard[nvidia.com/gpu]: must be a quantity such as 100m, 1 or 8Gi; put a fraction in quotes, as in "0.5"\n',
  ],
  'objects that are none': [
    {
      'policy.yaml': policy,
      'text.yaml': 'just text',
      'pod.yaml': 'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - name: [a]\n',
      'suite.yaml': suiteOf(
        '\n  - name: one\n    objects:\n      - text.yaml\n      - pod.yaml\n      - kind: Pod\n      - 3\n',
      ),
    },
    'suite.yaml:11:9 cases[0].objects[3]: must be a path or an object\n',
  ],
  'malformed objects, where they stand': [
    {
      'policy.yaml': policy,
      'text.yaml': 'just text',
      'pod.yaml': 'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - name: [a]\n',
      'suite.yaml': suiteOf(
        '\n  - name: one\n    objects:\n      - text.yaml\n      - pod.yaml\n      - kind: Pod\n      - { apiVersion: v1, kind: Pod }\n',
      ),
    },
    'text.yaml:1:1 must be an object with apiVersion and kind\n' +
      'pod.yaml:5:7 spec.containers[0].name: must be a string\n' +
      'suite.yaml:10:9 cases[0].objects[2].apiVersion: is required\n' +
      'suite.yaml:11:9 cases[0].objects[3].spec: must be an object\n',
  ],
  'objects of a version that no cluster serves': [
    { 'suite.yaml': suiteOf('\n  - name: one\n    objects: [{ apiVersion: apps/v1beta1, kind: Deployment }]\n') },
    'suite.yaml:7:15 cases[0].objects[0]: apiVersion apps/v1beta1 of Deployment is no longer served; write apps/v1\n',
  ],
  'a snapshot of another version': [
    {
      'policy.yaml': policy,
      'suite.yaml': suiteOf(good, 'policies: [policy.yaml]\nsnapshot: s.yaml'),
      's.yaml': 'apiVersion: gpugate.dev/v9\nkind: ClusterSnapshot\n',
    },
    's.yaml:1:1 apiVersion: the string "gpugate.dev/v9" is not supported here; expected ClusterSnapshot (gpugate.dev/v1alpha1)\n',
  ],
  'updates without an old object, and the reverse': [
    {
      'policy.yaml': policy,
      'suite.yaml': suiteOf(
        `\n  - name: one\n    objects: [${pod}]\n    operation: UPDATE\n` +
          `  - name: two\n    objects: [${pod}]\n    operation: DELETE\n    oldObject: ${pod}\n`,
      ),
    },
    'suite.yaml:8:5 cases[0].operation: UPDATE needs an oldObject\n' +
      'suite.yaml:12:5 cases[1].oldObject: is for UPDATE only, and the operation is DELETE\n',
  ],
  'rules and patterns that cannot be': [
    {
      'policy.yaml': policy,
      'suite.yaml': suiteOf(
        `\n  - name: one\n    objects: [${pod}]\n    expect:\n      rules: [gpu-mixt, platfrom/gpu-mixed]\n      messageMatches: '['\n`,
      ),
    },
    'suite.yaml:9:15 cases[0].expect.rules[0]: no rule is called gpu-mixt; did you mean gpu-mixed?\n' +
      'suite.yaml:9:25 cases[0].expect.rules[1]: no policy or quota is called platfrom; did you mean platform?\n' +
      'suite.yaml:10:7 cases[0].expect.messageMatches: is not a regular expression (RE2): error parsing regexp: missing closing ]: `[`\n',
  ],
};

describe('of bad suites every problem is told, with its place and exit code 2:', () => {
  test.each(Object.entries(bad))('%s', async (_, [files, told]) => {
    expect(await runTests({ 'policy.yaml': policy, ...files }, ['suite.yaml'])).toMatchObject({
      code: 2,
      output: told,
    });
  });

  test('a directory without suites', async () => {
    const { code, output } = await runTests({ 'all/policy.yaml': policy }, ['all']);
    expect(output).toBe('all:1:1 contains no suites: no PolicyTest objects in files named *.yaml, *.yml or *.json\n');
    expect(code).toBe(2);
  });

  test('a file too large to be a suite', async () => {
    const { code, output } = await runTests({ 'suite.yaml': '#'.repeat(17 * 1024 * 1024) }, ['suite.yaml']);
    expect(output).toBe('suite.yaml:1:1 is 17.0 MiB, over the limit of 16.0 MiB\n');
    expect(code).toBe(2);
  });
});
