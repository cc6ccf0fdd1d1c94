import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type StructuralSchema, structuralSchema } from '../../src/api/structural-schema.ts';
import { reviewedKinds, workloadPolicy, workloadPolicySpec } from '../../src/api/workload-policy.ts';
import { examplePolicies } from '../support/examples.ts';

const list = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { minLength: 1, maxLength: 3 });
const oneOf = <const T>(...values: readonly T[]) => fc.constantFrom(...values);

const glob = oneOf('proj-*', 'a', '*');
const key = oneOf('app', 'project-id', 'app.kubernetes.io/name', 'nvidia.com/gpu', 'nvidia.com/mig-1g.10gb');
const quantity = fc.oneof(
  fc.nat(),
  fc.double({ min: 0, max: 1e6, noNaN: true }).map(String),
  oneOf('100m', '8Gi', '.5', '1e3'),
);
const map = <T>(value: fc.Arbitrary<T>) => fc.dictionary(key, value, { maxKeys: 4 });
const record = <T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record<T, never>(fields, { requiredKeys: [] });

const requirement = fc.oneof(
  fc.record({ key, operator: oneOf('In', 'NotIn'), values: list(oneOf('a', 'b')) }),
  fc.record({ key, operator: oneOf('Exists', 'DoesNotExist') }),
);
const kinds = list(oneOf(...reviewedKinds));
const nameForm = fc.oneof(
  fc.record({ format: oneOf('{prefix}-{id}-{name}', 'x-{name}', '{id}') }),
  fc.record({ pattern: oneOf('[a-z]+', '.*') }),
);

/** Specs as an admin may write them: every field present or absent, quantities as numbers or strings. */
const spec = record({
  enforcement: oneOf('Deny', 'Warn', 'Audit'),
  match: record({
    namespaces: list(glob),
    namespaceSelector: record({ matchLabels: map(oneOf('a', '')), matchExpressions: fc.array(requirement) }),
    excludeNamespaces: fc.array(glob),
    excludeUsers: fc.array(glob),
    excludeGroups: fc.array(glob),
  }),
  names: fc
    .tuple(nameForm, record({ kinds, prefixes: fc.array(oneOf('job', 'project')) }))
    .map(([a, b]) => ({ ...a, ...b })),
  labels: record({ set: map(oneOf('x', '{namespace}', '{namespace.labels.a/b}')), require: fc.array(key), kinds }),
  resources: record({ requests: map(quantity), limits: map(quantity), maximum: map(quantity) }),
  gpu: record({
    maxPerPod: map(fc.nat(1_000_000)),
    allowMixed: fc.boolean(),
    sharedPerContainer: fc.integer({ min: 1, max: 1000 }),
    deviceAccess: oneOf('Deny', 'Void', 'Allow'),
    nodeFit: oneOf('Deny', 'Warn', 'Off'),
    modeLabel: fc.boolean(),
  }),
  mps: record({
    threads: fc.integer({ min: 1, max: 100 }),
    vram: oneOf('8000M', '4G'),
    injectEnvironment: fc.boolean(),
  }),
});

describe('the spec of a WorkloadPolicy', () => {
  test('is accepted in every combination of its fields, and defaults once applied change nothing more', () => {
    fc.assert(
      fc.property(spec, (written) => {
        const once = workloadPolicySpec.parse(written);
        expect(workloadPolicySpec.parse(once)).toEqual(once);
      }),
      { numRuns: 500 },
    );
  });

  test('empty, denies what other sections would find; sections that are absent stay off', () => {
    expect(workloadPolicySpec.parse({})).toEqual({
      enforcement: 'Deny',
      match: { excludeNamespaces: [], excludeUsers: [], excludeGroups: [] },
    });
  });

  test('has a default for whatever a section leaves out', () => {
    const sections = { names: { format: '{name}' }, labels: {}, resources: {}, gpu: {}, mps: {} };
    expect(workloadPolicySpec.parse(sections)).toMatchObject({
      names: { format: '{name}', kinds: ['Pod'], prefixes: [] },
      labels: { set: {}, require: [], kinds: ['Pod'] },
      resources: { requests: {}, limits: {}, maximum: {} },
      gpu: {
        maxPerPod: {},
        allowMixed: false,
        sharedPerContainer: 1,
        deviceAccess: 'Deny',
        nodeFit: 'Warn',
        modeLabel: true,
      },
      mps: { injectEnvironment: true },
    });
  });

  test('reads quantities as the strings that Kubernetes would store', () => {
    const { resources } = workloadPolicySpec.parse({ resources: { limits: { cpu: 2, memory: '1Gi' } } });
    expect(resources?.limits).toEqual({ cpu: '2', memory: '1Gi' });
  });

  const tooLong: Readonly<Record<string, object>> = {
    'an excluded user': { match: { excludeUsers: ['?'.repeat(254)] } },
    'an excluded group': { match: { excludeGroups: ['?'.repeat(254)] } },
    'a quantity': { resources: { maximum: { cpu: '1'.repeat(65) } } },
  };
  test.each(Object.entries(tooLong))('refuses %s beyond its bound', (_, settings) => {
    expect(workloadPolicySpec.safeParse(settings).success).toBe(false);
  });

  test('shares no default between two policies', () => {
    const [a, b] = [workloadPolicySpec.parse({ labels: {} }), workloadPolicySpec.parse({ labels: {} })];
    expect(a.labels?.set).not.toBe(b.labels?.set);
    expect(a.labels?.require).not.toBe(b.labels?.require);
  });
});

describe('a WorkloadPolicy', () => {
  test('keeps the metadata and status of an export', () => {
    const policy = {
      apiVersion: 'gpugate.dev/v1alpha1',
      kind: 'WorkloadPolicy',
      metadata: { name: 'x', uid: 'u', generation: 3, managedFields: [{}] },
      spec: {},
      status: { observedGeneration: 3, somethingNew: true },
    };
    const { metadata, status } = workloadPolicy.parse(policy);
    expect({ metadata, status }).toEqual({ metadata: policy.metadata, status: policy.status });
  });

  test('of the examples shows every setting that there is', () => {
    const text = readFileSync(join(examplePolicies, 'platform.yaml'), 'utf8');
    const names = fieldNames(structuralSchema(workloadPolicySpec));
    expect([...names].filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
  });
});

function* fieldNames(schema: StructuralSchema): Generator<string> {
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    yield name;
    yield* fieldNames(child);
  }
  if (schema.items) yield* fieldNames(schema.items);
}
