import { describe, expect, test } from 'vitest';
import { clusterSnapshot } from '../../src/api/cluster-snapshot.ts';
import { formatProblem } from '../../src/text/problem.ts';
import { readYaml } from '../../src/text/read-yaml.ts';
import { workloadPolicy } from '../../src/api/workload-policy.ts';

const problemsOf = (text: string) =>
  readYaml(text, { file: 'p.yaml', schemas: [workloadPolicy, clusterSnapshot] }).problems.map(formatProblem);

/** Three lines; the spec begins in line 4. */
const head = 'apiVersion: gpugate.dev/v1alpha1\nkind: WorkloadPolicy\nmetadata: { name: x }\n';

type Case = { readonly text: string; readonly problems: readonly string[] };

const fieldCases: Readonly<Record<string, Case>> = {
  'a field with one letter wrong: its own line, and what was meant': {
    text: `${head}spec:\n  enforcment: Deny\n`,
    problems: ['p.yaml:5:3 spec.enforcment: unknown field; did you mean enforcement?'],
  },
  'a field one level too high: where it belongs': {
    text: `${head}spec:\n  maxPerPod: {}\n`,
    problems: ['p.yaml:5:3 spec.maxPerPod: unknown field here; did you mean spec.gpu.maxPerPod?'],
  },
  'a field like no other: what there is': {
    text: `${head}spec:\n  mps:\n    color: red\n`,
    problems: ['p.yaml:6:5 spec.mps.color: unknown field; expected one of threads, vram, injectEnvironment'],
  },
  'a field that several parents have: no guess': {
    text: `${head}spec:\n  kinds: [Pod]\n`,
    problems: [
      'p.yaml:5:3 spec.kinds: unknown field; expected one of enforcement, match, names, labels, resources, gpu, mps',
    ],
  },
  'an absent field: the line of its parent': {
    text: `${head}spec:\n  match:\n    namespaceSelector:\n      matchExpressions:\n        - key: a\n`,
    problems: ['p.yaml:8:11 spec.match.namespaceSelector.matchExpressions[0].operator: is required'],
  },
  'an absent spec: the line of the document': { text: head, problems: ['p.yaml:1:1 spec: is required'] },
  'an absent name': {
    text: `${head.replace('name: x', '')}spec: {}`,
    problems: ['p.yaml:3:1 metadata.name: is required'],
  },
  'a value of the wrong case': {
    text: `${head}spec:\n  enforcement: deny\n`,
    problems: [
      'p.yaml:5:3 spec.enforcement: must be one of Deny, Warn, Audit, got the string "deny"; did you mean Deny?',
    ],
  },
  'a string where a list belongs': {
    text: `${head}spec:\n  labels:\n    require: project-id\n`,
    problems: ['p.yaml:6:5 spec.labels.require: must be a list, got the string "project-id"'],
  },
  'a list where a map belongs': {
    text: `${head}spec:\n  labels: [a]\n`,
    problems: ['p.yaml:5:3 spec.labels: must be a map, got a list'],
  },
  'a key without a value': {
    text: `${head}spec:\n  gpu:\n`,
    problems: ['p.yaml:5:3 spec.gpu: must be a map, got no value'],
  },
  'yes is not a boolean': {
    text: `${head}spec:\n  gpu: { allowMixed: yes }\n`,
    problems: ['p.yaml:5:10 spec.gpu.allowMixed: must be true or false, got the string "yes"'],
  },
  'a fraction of a percent': {
    text: `${head}spec:\n  mps: { threads: 0.5 }\n`,
    problems: ['p.yaml:5:10 spec.mps.threads: must be an integer, got the number 0.5'],
  },
  'a number out of range': {
    text: `${head}spec:\n  mps: { threads: 101 }\n`,
    problems: ['p.yaml:5:10 spec.mps.threads: must be at most 100, got the number 101'],
  },
  'a unit that MPS does not know': {
    text: `${head}spec:\n  mps:\n    vram: 8GB\n`,
    problems: ['p.yaml:6:5 spec.mps.vram: must be an integer followed by G or M, such as 8000M'],
  },
  'a device count in quotes, under a key with dots and a slash': {
    text: `${head}spec:\n  gpu:\n    maxPerPod:\n      nvidia.com/gpu: "8"\n`,
    problems: ['p.yaml:7:7 spec.gpu.maxPerPod[nvidia.com/gpu]: must be a number, got the string "8"'],
  },
  'a resource with two slashes: the line of the key': {
    text: `${head}spec:\n  gpu:\n    maxPerPod:\n      a/b/c: 8\n`,
    problems: ['p.yaml:7:7 spec.gpu.maxPerPod[a/b/c]: the key must be a resource name such as cpu or nvidia.com/gpu'],
  },
  'quantities that are none': {
    text: `${head}spec:\n  resources:\n    limits: { cpu: 0.5, memory: true, x: 1Q, y: -1 }\n`,
    problems: [
      ...['6:15 spec.resources.limits.cpu', '6:25 spec.resources.limits.memory', '6:39 spec.resources.limits.x'].map(
        (place) => `p.yaml:${place}: must be a quantity such as 100m, 1 or 8Gi; put a fraction in quotes, as in "0.5"`,
      ),
      'p.yaml:6:46 spec.resources.limits.y: must be at least 0, got the number -1',
    ],
  },
  'an empty list that would match nothing': {
    text: `${head}spec:\n  match:\n    namespaces: []\n`,
    problems: ['p.yaml:6:5 spec.match.namespaces: must have at least 1 entry'],
  },
  'a string that is too long': {
    text: `${head}spec:\n  match:\n    namespaces: [${'a'.repeat(254)}]\n`,
    problems: ['p.yaml:6:18 spec.match.namespaces[0]: must have at most 253 characters'],
  },
  'neither format nor pattern': {
    text: `${head}spec:\n  names: {}\n`,
    problems: ['p.yaml:5:3 spec.names: exactly one of format and pattern must be set'],
  },
  'a placeholder that does not exist': {
    text: `${head}spec:\n  names: { format: "{team}-{name}" }\n`,
    problems: [
      'p.yaml:5:12 spec.names.format: must contain {prefix}, {id} or {name}, and otherwise only lowercase letters, digits, - and .',
    ],
  },
  'a selector that asks In without values': {
    text: `${head}spec:\n  match: { namespaceSelector: { matchExpressions: [{ key: a, operator: In }] } }\n`,
    problems: [
      'p.yaml:5:52 spec.match.namespaceSelector.matchExpressions[0]: In and NotIn need values, and Exists and DoesNotExist must have none',
    ],
  },
  'more labels than the CRD takes': {
    text: `${head}spec:\n  labels:\n    set: { ${Array.from({ length: 65 }, (_, i) => `l${i}: x`).join(', ')} }\n`,
    problems: ['p.yaml:6:5 spec.labels.set: must have at most 64 entries'],
  },
  'the same node twice in a snapshot': {
    text: 'apiVersion: gpugate.dev/v1alpha1\nkind: ClusterSnapshot\nnodes:\n  - name: a\n  - name: a\n',
    problems: ['p.yaml:5:5 nodes[1].name: duplicate name a'],
  },
  'several mistakes: all at once, in the order of the file': {
    text: `${head}spec:\n  foo: 1\n  mps: { vram: 1 }\n  enforcement: Off\n`,
    problems: [
      'p.yaml:5:3 spec.foo: unknown field; expected one of enforcement, match, names, labels, resources, gpu, mps',
      'p.yaml:6:10 spec.mps.vram: must be a string, got the number 1',
      'p.yaml:7:3 spec.enforcement: must be one of Deny, Warn, Audit, got the string "Off"',
    ],
  },
};

describe('a field with a problem', () => {
  test.each(Object.entries(fieldCases))('%s', (_, { text, problems }) => expect(problemsOf(text)).toEqual(problems));
});
