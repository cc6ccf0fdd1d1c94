import { describe, expect, test } from 'vitest';
import { policyTest } from '../../src/api/policy-test.ts';
import { structuralSchema } from '../../src/api/structural-schema.ts';

const typeMeta = { apiVersion: 'gpugate.dev/v1alpha1', kind: 'PolicyTest', metadata: { name: 'a' } };
const suite = (testCase: object) => ({ ...typeMeta, cases: [{ name: 'one', objects: ['a.yaml'], ...testCase }] });

describe('a PolicyTest', () => {
  test('needs a name and a case with objects, and has defaults for the rest', () => {
    expect(policyTest.parse(suite({}))).toEqual({
      ...typeMeta,
      policies: [],
      quotas: [],
      defaults: { namespace: 'default', user: 'tester', groups: ['system:authenticated'], operation: 'CREATE' },
      cases: [{ name: 'one', objects: ['a.yaml'] }],
    });
  });

  test('expects Allow unless it names a decision', () => {
    expect(policyTest.parse(suite({ expect: { rules: [] } })).cases[0]?.expect).toEqual({
      decision: 'Allow',
      rules: [],
    });
  });

  test('takes objects as they are, whatever their fields', () => {
    const object = { apiVersion: 'v1', kind: 'Pod', spec: { anything: [1, null, { a: true }] } };
    expect(policyTest.parse(suite({ objects: ['a', object], oldObject: object })).cases[0]).toMatchObject({
      objects: ['a', object],
      oldObject: object,
    });
  });

  test.each([
    { objects: [] },
    { objects: [''] },
    { objects: [3] },
    { objects: [null] },
    { name: '' },
    { operation: 'CONNECT' },
    { namespace: 'Upper' },
    { expect: { decision: 'Warn' } },
    { expect: { messageContains: [] } },
    { expect: { patch: [{ op: 'put', path: '/a' }] } },
    { expect: { object: 'text' } },
    { unknown: 1 },
  ])('refuses %j', (testCase) => {
    expect(policyTest.safeParse(suite(testCase)).success).toBe(false);
  });

  test('has a structure in which unknown fields can be looked up', () => {
    const fields = structuralSchema(policyTest).properties?.['cases']?.items?.properties?.['expect']?.properties;
    expect(Object.keys(fields ?? {})).toEqual([
      'decision',
      'rules',
      'message',
      'messageContains',
      'messageMatches',
      'warnings',
      'warningsContain',
      'patch',
      'object',
      'exactObject',
    ]);
  });
});
