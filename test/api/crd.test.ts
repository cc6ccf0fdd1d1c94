import { describe, expect, test } from 'vitest';
import { workloadPolicyCrd } from '../../src/api/crd.ts';
import { maxEntries } from '../../src/api/fields.ts';
import type { StructuralSchema } from '../../src/api/structural-schema.ts';
import { workloadPolicySpec } from '../../src/api/workload-policy.ts';

const crd = workloadPolicyCrd();
const [version] = crd.spec.versions;
const schema: StructuralSchema = version?.schema.openAPIV3Schema ?? {};

function* everySchema(from: StructuralSchema, path = ''): Generator<readonly [string, StructuralSchema]> {
  yield [path, from];
  for (const [name, child] of Object.entries(from.properties ?? {})) yield* everySchema(child, `${path}.${name}`);
  if (from.additionalProperties) yield* everySchema(from.additionalProperties, `${path}[*]`);
  if (from.items) yield* everySchema(from.items, `${path}[]`);
}

describe('the CRD of WorkloadPolicy', () => {
  test('has the names and the scope of the resource', () => {
    const { versions, ...spec } = crd.spec;
    expect({ name: crd.metadata.name, ...spec }).toEqual({
      name: 'workloadpolicies.gpugate.dev',
      group: 'gpugate.dev',
      scope: 'Cluster',
      names: {
        kind: 'WorkloadPolicy',
        listKind: 'WorkloadPolicyList',
        plural: 'workloadpolicies',
        singular: 'workloadpolicy',
        shortNames: ['wlp'],
        categories: ['gpugate'],
      },
    });
    expect(versions).toMatchObject([{ name: 'v1alpha1', served: true, storage: true, subresources: { status: {} } }]);
    expect(version?.additionalPrinterColumns.map(({ name, jsonPath }) => [name, jsonPath])).toEqual([
      ['Enforcement', '.spec.enforcement'],
      ['Age', '.metadata.creationTimestamp'],
    ]);
  });

  test('leaves apiVersion, kind and metadata to the API server', () => {
    expect(schema.required).toEqual(['spec']);
    expect(schema.properties?.metadata).toEqual({ type: 'object' });
    expect(schema.properties?.kind).toEqual({ type: 'string', description: 'The kind of this object.' });
  });

  test('describes every field', () => {
    const named = [...everySchema(schema)].filter(([path]) => /\.\w+$/.test(path) && path !== '.metadata');
    expect(named.filter(([, { description }]) => description === undefined).map(([path]) => path)).toEqual([]);
  });

  test('has a default for whatever is optional inside a section, as the reader has', () => {
    const sections = { names: { format: '{name}' }, labels: {}, resources: {}, gpu: {}, mps: {} };
    const spec = workloadPolicySpec.parse(sections);
    for (const name of Object.keys(sections) as (keyof typeof sections)[]) {
      const fields = Object.entries(schema.properties?.spec?.properties?.[name]?.properties ?? {});
      const defaults = fields
        .filter(([, field]) => field.default !== undefined)
        .map(([key, field]) => [key, field.default]);
      expect(spec[name]).toEqual({ ...Object.fromEntries(defaults), ...sections[name] });
    }
  });

  test('bounds every map and list that a rule walks, or the API server would refuse its cost', () => {
    for (const [path, found] of everySchema(schema)) {
      const isWalked = found['x-kubernetes-validations']?.some(({ rule }) => rule.startsWith('self.all('));
      if (isWalked) expect({ path, max: found.maxProperties }).toEqual({ path, max: maxEntries });
    }
  });
});
