import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { denialMessage, warningLines } from '../../src/policies/denial.ts';
import { compileRules, evaluate, ratchet } from '../../src/policies/evaluate.ts';
import { ruleIds } from '../../src/policies/registry.ts';
import type { NodeFacts } from '../../src/workload/cluster-facts.ts';
import { wholeUnits } from '../../src/workload/quantity.ts';
import { factsOf, specOf, type Situation } from './facts-of.ts';

/** Any text, and often the words that rules look for. */
const anyText = fc.string({ unit: 'binary', maxLength: 40 });
const resource = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('cpu', 'memory', 'nvidia.com/gpu', 'nvidia.com/gpu.shared', 'rdma/hca') },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'nvidia.com/mig-1g.10gb',
      'nvidia.com/mig-1g.10gb.shared',
      'nvidia.com/gpus',
      'limits.nvidia.com/gpu',
      'requests.nvidia.com/gpu',
      '__proto__',
      'constructor',
      'toString/x',
    ),
  },
  { weight: 1, arbitrary: anyText },
);
const quantity = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('0', '1', '2', '8', '500m', '1k', '2Gi', '1e3', '96', '0.5') },
  { weight: 1, arbitrary: fc.constantFrom('', '-1', '1e999', '9'.repeat(70), '１', 'NaN', '.', '1e-999') },
  { weight: 1, arbitrary: anyText },
  { weight: 1, arbitrary: fc.nat(20) },
);
const resourceList = fc.dictionary(resource, quantity, { maxKeys: 4 });
const env = fc.record({
  name: fc.oneof(fc.constant('NVIDIA_VISIBLE_DEVICES'), anyText),
  value: fc.oneof(fc.constantFrom('all', 'void', ''), anyText),
});
const container = fc.record(
  {
    name: anyText,
    restartPolicy: fc.constant('Always'),
    resources: fc.record({ limits: resourceList, requests: resourceList }, { requiredKeys: [] }),
    env: fc.array(env, { maxLength: 3 }),
    securityContext: fc.record({ privileged: fc.boolean() }),
  },
  { requiredKeys: ['name'] },
);
const labels = fc.dictionary(
  fc.oneof(
    fc.constantFrom('project-id', 'zone', 'mps.nvidia.com/threads', 'mps.nvidia.com/vram', '__proto__'),
    anyText,
  ),
  fc.oneof(fc.constantFrom('', 'a', '50', '101', '8G', '8Gi'), anyText),
  { maxKeys: 4 },
);
const pod = fc.record({
  kind: fc.constant('Pod'),
  metadata: fc.record(
    { name: anyText, generateName: anyText, namespace: anyText, labels, annotations: labels },
    { requiredKeys: [] },
  ),
  spec: fc.record(
    {
      containers: fc.array(container, { maxLength: 4 }),
      initContainers: fc.array(container, { maxLength: 3 }),
      ephemeralContainers: fc.array(container, { maxLength: 2 }),
      overhead: resourceList,
      resources: fc.record({ limits: resourceList, requests: resourceList }),
      nodeName: anyText,
      nodeSelector: labels,
      runtimeClassName: fc.oneof(fc.constant('nvidia'), anyText),
      volumes: fc.array(fc.record({ hostPath: fc.record({ path: fc.oneof(fc.constant('/dev/nvidia0'), anyText) }) }), {
        maxLength: 2,
      }),
    },
    { requiredKeys: ['containers'] },
  ),
});
const node: fc.Arbitrary<NodeFacts> = fc.record({
  name: anyText,
  labels: fc.oneof(
    labels,
    fc.constant({
      'nvidia.com/gpu.sharing-strategy': 'mps',
      'nvidia.com/gpu.replicas': '4',
      'nvidia.com/gpu.memory': '16384',
    }),
  ),
  allocatable: fc.dictionary(resource, fc.constantFrom('0', '1', '4', '8', '1k'), { maxKeys: 3 }),
});
const situation: fc.Arbitrary<Situation> = fc.record(
  {
    object: pod,
    operation: fc.constantFrom('CREATE', 'UPDATE'),
    nodes: fc.array(node, { maxLength: 4 }),
    unmutated: fc.array(anyText, { maxLength: 3 }),
  },
  { requiredKeys: ['object'] },
);

const rules = compileRules(
  specOf({
    names: { pattern: '(job|project)-[a-z0-9]+-.+', prefixes: ['job'] },
    labels: { require: ['project-id'], set: { a: 'b' } },
    resources: { maximum: { cpu: '64', memory: '1Ti', 'nvidia.com/gpu': 8 } },
    gpu: { maxPerPod: { 'nvidia.com/gpu': 4, 'rdma/hca': 1 }, nodeFit: 'Deny' },
    mps: { threads: 50 },
  }),
);

describe('any pod at all', () => {
  test('is judged without an exception, in sentences that are one line and bounded', () => {
    fc.assert(
      fc.property(situation, (given) => {
        const findings = evaluate(rules, factsOf(given));
        expect(findings.filter(({ rule }) => !ruleIds.includes(rule))).toEqual([]);
        const sentences = findings.flatMap(({ reason, detail, advice }) => [reason, detail ?? [], advice].flat());
        const texts = [...sentences, ...findings.map(({ path }) => path)];
        expect(sentences.filter((text) => !/^\S.*[.?]$/.test(text))).toEqual([]);
        expect(texts.filter((text) => /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text))).toEqual([]);
        expect(texts.filter((text) => Buffer.byteLength(text) >= 1024)).toEqual([]);
        const violations = findings.map((finding) => ({ ...finding, source: 'policy platform' }));
        const lines = denialMessage({ subject: 'pod a/b', violations }).split('\n');
        expect(lines.length).toBeLessThanOrEqual(findings.length + 1);
        expect(warningLines(violations).filter((line) => Buffer.byteLength(line) > 256)).toEqual([]);
      }),
      { numRuns: 3000 },
    );
  });

  test('is judged the same way every time', () => {
    fc.assert(
      fc.property(situation, situation, (given, other) => {
        const first = evaluate(rules, factsOf(given));
        evaluate(rules, factsOf(other));
        expect(evaluate(rules, factsOf(given))).toEqual(first);
      }),
    );
  });

  test('may stay as it is in an update', () => {
    fc.assert(
      fc.property(situation, (given) => {
        const facts = factsOf({ ...given, operation: 'UPDATE' });
        expect(ratchet(evaluate(rules, facts), evaluate(rules, facts))).toEqual([]);
      }),
    );
  });

  test('fits on some node, or a rule finds a violation', () => {
    const fit = compileRules(specOf({ gpu: { nodeFit: 'Deny' } })).filter(({ id }) => id === 'node-fit');
    const devices = fc.integer({ min: 1, max: 9 });
    const nodes = fc.array(
      fc.record({
        name: fc.constant('n'),
        labels: fc.dictionary(fc.constantFrom('zone', 'disk'), fc.constantFrom('a', 'b')),
        allocatable: fc.dictionary(fc.constantFrom('nvidia.com/gpu', 'rdma/hca'), devices.map(String)),
      }),
      { minLength: 1, maxLength: 6 },
    );
    const selector = fc.dictionary(fc.constantFrom('zone', 'disk'), fc.constantFrom('a', 'b'), { maxKeys: 2 });
    fc.assert(
      fc.property(nodes, selector, devices, devices, (nodes, nodeSelector, gpus, nics) => {
        const limits = { 'nvidia.com/gpu': String(gpus), 'rdma/hca': String(nics) };
        const object = { kind: 'Pod', spec: { nodeSelector, containers: [{ name: 'a', resources: { limits } }] } };
        const facts = factsOf({ object, nodes });
        const isKnown = Object.keys(limits).every((name) => facts.cluster.extendedResources.has(name));
        const holds = nodes.some(
          ({ labels, allocatable }) =>
            Object.entries(nodeSelector).every(([key, value]) => labels[key] === value) &&
            Object.entries(limits).every(([name, text]) => (wholeUnits(allocatable[name] ?? '0') ?? 0) >= Number(text)),
        );
        expect(evaluate(fit, facts).length === 0).toBe(holds || !isKnown);
      }),
      { numRuns: 1000 },
    );
  });
});
