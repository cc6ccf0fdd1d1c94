import { expect, test } from 'vitest';
import { podOf, policy, runTests, suiteOf } from './run-tests.ts';

const mixed = podOf('mixed', 'nvidia.com/gpu: 1, nvidia.com/gpu.shared: 1');
const run = (cases: string, args: readonly string[]) =>
  runTests({ 'policy.yaml': policy, 'suite.yaml': suiteOf(cases) }, ['suite.yaml', ...args]);

test('--update writes what was got, says so, and then everything passes', async () => {
  const cases = `
  - name: wrong
    objects: [${mixed}]
    expect:
      rules: [required-labels] # why
      object: { metadata: { labels: { managed-by: someone } } }
  - name: nothing yet
    objects: [${mixed}]
  - name: right
    objects: [${podOf('plain')}]
    expect: { rules: [] }
`;
  const first = await run(cases, ['--update']);
  expect(first.code).toBe(0);
  expect(first.output).toBe(`suite
  ✓ wrong
      updated: decision, rules, object
  ✓ nothing yet
      updated: decision, rules, message
  ✓ right

3 passed, of 3
`);
  const reason =
    '[gpu-mixed] spec.containers[0].resources.limits: nvidia.com/gpu and nvidia.com/gpu.shared in one pod. Ask for one of them. (policy platform)';
  const updated = `
  - name: wrong
    objects: [${mixed}]
    expect:
      decision: Deny
      rules: [gpu-mixed] # why
      object: { metadata: { labels: { managed-by: platform } } }
  - name: nothing yet
    objects: [${mixed}]
    expect:
      decision: Deny
      rules:
        - gpu-mixed
      message: |-
        ${reason}
         1 reason; gpugate refused pod default/mixed.
  - name: right
    objects: [${podOf('plain')}]
    expect: { rules: [] }
`;
  expect(first.file('suite.yaml')).toBe(suiteOf(updated));
  const second = await run(updated, []);
  expect(second.output).toContain('3 passed, of 3');
});

test('--update keeps the line ends of Windows', async () => {
  const suite = suiteOf(`\n  - name: nothing yet\n    objects: [${mixed}]\n`).replaceAll('\n', '\r\n');
  const { file } = await runTests({ 'policy.yaml': policy, 'suite.yaml': suite }, ['suite.yaml', '--update']);
  expect(file('suite.yaml')).toContain('\r\n      decision: Deny\r\n');
  expect(file('suite.yaml')).not.toMatch(/[^\r]\n/);
});

test('without --update no file changes', async () => {
  const cases = `\n  - name: wrong\n    objects: [${mixed}]\n    expect: { rules: [] }\n`;
  const { code, file } = await run(cases, []);
  expect(code).toBe(1);
  expect(file('suite.yaml')).toBe(suiteOf(cases));
});

test('what is no plain value is left to people, and the case still fails', async () => {
  const cases = `\n  - name: wrong\n    objects: [${mixed}]\n    expect: { messageContains: [three] }\n`;
  const { code, file, output } = await run(cases, ['--update']);
  expect(code).toBe(1);
  expect(output).toContain('the message does not contain "three"');
  expect(file('suite.yaml')).toContain('expect: { decision: Deny, messageContains: [three] }');
});

test('only the cases that run are updated', async () => {
  const cases = ['one', 'two'].map((name) => `\n  - name: ${name}\n    objects: [${mixed}]`).join('');
  const { file } = await run(cases, ['--update', '--run=two']);
  expect(file('suite.yaml').split('expect:')).toHaveLength(2);
  expect(file('suite.yaml')).toMatch(/- name: two\n.*\n {4}expect:/);
});

test('a file in which aliases stand for expectations is not touched', async () => {
  const cases = `
  - name: one
    objects: [${mixed}]
    expect: &same { rules: [] }
  - name: two
    objects: [${mixed}]
    expect: *same
`;
  const { code, file, output } = await run(cases, ['--update']);
  expect(output).toBe('suite.yaml cannot be updated: write its expectations without anchors and aliases\n');
  expect(code).toBe(2);
  expect(file('suite.yaml')).toBe(suiteOf(cases));
});
