import { describe, expect, test } from 'vitest';
import { clusterSnapshot } from '../../src/api/cluster-snapshot.ts';
import { formatProblem } from '../../src/text/problem.ts';
import { readYaml } from '../../src/text/read-yaml.ts';
import { workloadPolicy } from '../../src/api/workload-policy.ts';

const read = (text: string) => readYaml(text, { file: 'p.yaml', schemas: [workloadPolicy, clusterSnapshot] });
const problemsOf = (text: string) => read(text).problems.map(formatProblem);

/** Three lines; the spec begins in line 4. */
const head = 'apiVersion: gpugate.dev/v1alpha1\nkind: WorkloadPolicy\nmetadata: { name: x }\n';
const known = 'expected one of WorkloadPolicy (gpugate.dev/v1alpha1), ClusterSnapshot (gpugate.dev/v1alpha1)';

type Case = { readonly text: string; readonly problems: readonly string[] };

const kindCases: Readonly<Record<string, Case>> = {
  'no apiVersion': { text: 'kind: WorkloadPolicy', problems: [`p.yaml:1:1 apiVersion: is required; ${known}`] },
  'no kind': { text: 'apiVersion: gpugate.dev/v1alpha1', problems: [`p.yaml:1:1 kind: is required; ${known}`] },
  'a Kubernetes object': {
    text: '# a pod\napiVersion: v1\nkind: Pod\n',
    problems: [`p.yaml:2:1 apiVersion: the string "v1" is not supported here; ${known}`],
  },
  'a version that does not exist yet': {
    text: 'apiVersion: gpugate.dev/v1alpha2\nkind: WorkloadPolicy\n',
    problems: [
      'p.yaml:1:1 apiVersion: the string "gpugate.dev/v1alpha2" is not supported here; did you mean gpugate.dev/v1alpha1?',
    ],
  },
  'a kind in the plural': {
    text: 'apiVersion: gpugate.dev/v1alpha1\nkind: WorkloadPolicies\n',
    problems: ['p.yaml:2:1 kind: the string "WorkloadPolicies" is not supported here; did you mean WorkloadPolicy?'],
  },
  'a kind that is a list': {
    text: 'apiVersion: gpugate.dev/v1alpha1\nkind: [WorkloadPolicy]\n',
    problems: [`p.yaml:2:1 kind: a list is not supported here; ${known}`],
  },
  'a plain text': {
    text: 'hello',
    problems: [`p.yaml:1:1 must be an object with apiVersion and kind; ${known}`],
  },
};

describe('an object of an unknown kind', () => {
  test.each(Object.entries(kindCases))('%s', (_, { text, problems }) => expect(problemsOf(text)).toEqual(problems));
});

function billionLaughs(): string {
  const levels = Array.from({ length: 8 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`);
  return `${head}a0: &a0 [x, x, x]\n${levels.join('\n')}\n`;
}

const textCases: Readonly<Record<string, Case>> = {
  'a duplicate key': {
    text: `${head}spec: {}\nspec: {}\n`,
    problems: ['p.yaml:5:1 duplicate key spec; the first is on line 4'],
  },
  'a duplicate key in JSON': {
    text: '{"apiVersion": "gpugate.dev/v1alpha1", "kind": "WorkloadPolicy",\n "metadata": {"name": "x"}, "spec": {}, "spec": {}}',
    problems: ['p.yaml:2:41 duplicate key spec; the first is on line 2'],
  },
  'a tab as indentation': {
    text: `${head}spec:\n\tmps: {}\n`,
    problems: ['p.yaml:5:1 not valid YAML: Tabs are not allowed as indentation'],
  },
  'a quote that never ends: one problem, not its consequences': {
    text: `${head}spec: { mps: "8\n`,
    problems: ['p.yaml:5:1 not valid YAML: Missing closing "quote'],
  },
  'a merge key': {
    text: `${head}spec: &a {}\n<<: *a\n`,
    problems: ['p.yaml:5:1 merge keys (<<) are not supported; write the fields out'],
  },
  'a merge key under YAML 1.1': {
    text: `%YAML 1.1\n---\n${head}spec: { gpu: { allowMixed: no, <<: {} } }\n`,
    problems: [
      'p.yaml:6:16 spec.gpu.allowMixed: must be true or false, got the string "no"',
      'p.yaml:6:32 merge keys (<<) are not supported; write the fields out',
    ],
  },
  'the prototype as a key': {
    text: `${head}spec:\n  labels:\n    set: { __proto__: x }\n`,
    problems: ['p.yaml:6:12 __proto__ cannot be used as a key'],
  },
  'a key that is a list': {
    text: `${head}spec:\n  ? [a]\n  : b\n`,
    problems: ['p.yaml:5:5 not valid YAML: With stringKeys, all keys must be strings'],
  },
  'a number as a key is its text': {
    text: `${head}spec:\n  1: x\n`,
    problems: [
      'p.yaml:5:3 spec[1]: unknown field; expected one of enforcement, match, names, labels, resources, gpu, mps',
    ],
  },
  'an unknown tag': {
    text: `${head}spec: !secret {}\n`,
    problems: ['p.yaml:4:7 Unresolved tag: !secret'],
  },
  'an alias without its anchor': {
    text: `${head}spec: *nowhere\n`,
    problems: ['p.yaml:4:7 there is no anchor &nowhere before this alias'],
  },
  'aliases that unfold to 129 million entries': {
    text: billionLaughs(),
    problems: ['p.yaml:1:1 not valid YAML: Excessive alias count indicates a resource exhaustion attack'],
  },
  'brackets deeper than the call stack': {
    text: '['.repeat(100_000),
    problems: [expect.stringMatching(/^p\.yaml:1:\d+ nests too deeply$/) as string],
  },
};

describe('a text with a problem', () => {
  test.each(Object.entries(textCases))('%s', (_, { text, problems }) => expect(problemsOf(text)).toEqual(problems));

  test('60,000 keys in one map take no quadratic time', () => {
    const keys = Array.from({ length: 60_000 }, (_, i) => `  k${i}: 1`).join('\n');
    const { problems } = read(`${head}spec:\n${keys}\n`);
    expect(problems).toHaveLength(60_000);
  });
});

describe('objects of a file', () => {
  const outline = (text: string) =>
    read(text).objects.map(({ name, line, value, problems }) => ({
      name,
      line,
      good: value !== undefined,
      problems: problems.length,
    }));

  test('come from every document, empty ones left out', () => {
    expect(outline(`---\n${head}spec: {}\n---\n# nothing\n---\n${head}spec: {}\n---\n`)).toEqual([
      { name: 'x', line: 2, good: true, problems: 0 },
      { name: 'x', line: 9, good: true, problems: 0 },
    ]);
  });

  test('come from the items of a List, as kubectl prints one', () => {
    const item = (name: string, spec: string) =>
      `- apiVersion: gpugate.dev/v1alpha1\n  kind: WorkloadPolicy\n  metadata: { name: ${name}, uid: u }\n  spec: ${spec}\n`;
    const text = `apiVersion: v1\nkind: List\nitems:\n${item('a', '{}')}${item('b', '{ x: 1 }')}`;
    expect(outline(text)).toEqual([
      { name: 'a', line: 4, good: true, problems: 0 },
      { name: 'b', line: 8, good: false, problems: 1 },
    ]);
    expect(problemsOf(text)).toEqual([
      'p.yaml:11:11 items[1].spec.x: unknown field; expected one of enforcement, match, names, labels, resources, gpu, mps',
    ]);
  });

  test('are judged one by one: a broken document leaves the others good', () => {
    expect(outline(`${head}spec: {}\n---\na: [\n---\n${head}spec: {}\n`)).toMatchObject([
      { name: 'x', good: true },
      { name: undefined, good: false },
      { name: 'x', good: true },
    ]);
  });

  test('have no value when only their text has a problem', () => {
    expect(outline(`${head}spec: {}\nspec: {}\n`)).toEqual([{ name: 'x', line: 1, good: false, problems: 1 }]);
  });

  test('have no name when their name is wrong: it may be that of another', () => {
    expect(outline(`${head.replace('name: x', 'name: X')}spec: {}`)).toEqual([
      { name: undefined, line: 1, good: false, problems: 1 },
    ]);
  });

  test('may reuse anchors; problems stand where the value is written', () => {
    const text = `${head}spec:\n  labels: { set: &r { a: "!" } }\n  match: { namespaceSelector: { matchLabels: *r } }\n  mps: { vram: *r }\n  gpu: { maxPerPod: *r }\n`;
    expect(problemsOf(text)).toEqual([
      expect.stringMatching(/^p\.yaml:5:23 spec\.labels\.set\.a: must be a label value/),
      'p.yaml:5:23 spec.gpu.maxPerPod.a: must be a number, got the string "!"',
      'p.yaml:7:10 spec.mps.vram: must be a string, got a map',
    ]);
  });

  test('are read with a byte order mark and with line ends of Windows', () => {
    expect(outline(`\uFEFF${head}spec: {}\n`.replaceAll('\n', '\r\n'))).toEqual([
      { name: 'x', line: 1, good: true, problems: 0 },
    ]);
  });

  test('can be found wanting later, about any of their fields', () => {
    const text = `${head}spec:\n  names:\n    pattern: "["\n  gpu: { maxPerPod: { nvidia.com/gpu: 1 } }\n`;
    const [object] = read(text).objects;
    const place = (field: string) => object && formatProblem(object.problemAt(field, 'is bad'));
    expect(place('spec.names.pattern')).toBe('p.yaml:6:5 spec.names.pattern: is bad');
    expect(place('spec.gpu.maxPerPod[nvidia.com/gpu]')).toBe('p.yaml:7:23 spec.gpu.maxPerPod[nvidia.com/gpu]: is bad');
    expect(place('spec.names.prefixes[3]')).toBe('p.yaml:5:3 spec.names.prefixes[3]: is bad');
    expect(place('spec.labels.gpu')).toBe('p.yaml:4:1 spec.labels.gpu: is bad');
    expect(place('')).toBe('p.yaml:1:1 is bad');
  });

  test('an empty text has no objects and no problems', () => {
    expect(read('\n# nothing\n')).toEqual({ objects: [], problems: [] });
  });
});
