import { describe, expect, test } from 'vitest';
import { compileRules } from '../../src/policies/evaluate.ts';
import { compileNameShape } from '../../src/policies/name-shape.ts';
import { PolicyError } from '../../src/policies/rule.ts';
import { specOf } from './facts-of.ts';

function policyErrorOf(names: object): PolicyError {
  try {
    compileRules(specOf({ names }));
  } catch (error) {
    if (error instanceof PolicyError) return error;
    throw error;
  }
  throw new Error('compiled');
}

function shapeOf(names: object) {
  const settings = specOf({ names }).names;
  if (settings === undefined) throw new Error('no names');
  return compileNameShape(settings);
}

describe('a format', () => {
  const shape = shapeOf({ format: '{prefix}-{id}-{name}', prefixes: ['job', 'big-job'] });

  test.each(['job-7-train', 'big-job-a1-x', 'job-7-a.b', 'job-7-0', 'job-007-train-7-x'])('takes %s', (name) => {
    expect(shape.matches(name)).toBe(true);
  });

  test.each([
    '',
    'job',
    'job-7',
    'job-7-',
    'job--train',
    'job-7-train-',
    'job-7-.train',
    'Job-7-train',
    'big-7-train',
    ' job-7-train',
    'job-7-train\n',
    'job-7-träin',
    'job-７-train',
  ])('refuses %j', (name) => {
    expect(shape.matches(name)).toBe(false);
  });

  test('without listed prefixes takes any prefix that has no dash', () => {
    const any = shapeOf({ format: '{prefix}-{name}' });
    expect([any.matches('lab-x'), any.matches('-x'), any.matches('lab-')]).toEqual([true, false, false]);
  });

  test('takes a dot between placeholders as a dot', () => {
    const dotted = shapeOf({ format: '{prefix}.{id}' });
    expect([dotted.matches('job.7'), dotted.matches('jobx7')]).toEqual([true, false]);
  });
});

describe('a pattern', () => {
  test('must match the whole name, with or without anchors', () => {
    for (const pattern of ['job|project', '^(job|project)$', '(?:job|project)']) {
      const shape = shapeOf({ pattern });
      expect([shape.matches('job'), shape.matches('jobs'), shape.matches('my project')]).toEqual([true, false, false]);
    }
  });

  test('takes linear time on a name that makes a backtracking engine stall', () => {
    const shape = shapeOf({ pattern: '(a|a)*(a|a)*(a|a)*b' });
    expect(shape.matches('a'.repeat(253))).toBe(false);
  });
});

describe('settings that cannot be used', () => {
  test.each([
    ['a pattern that ends too early', { pattern: '(job' }, 'spec.names.pattern', 'missing closing )'],
    ['a look-ahead, which RE2 has not', { pattern: '(?=job).*' }, 'spec.names.pattern', 'RE2 syntax'],
    ['a back-reference', { pattern: String.raw`(a)\1` }, 'spec.names.pattern', 'RE2 syntax'],
    ['repetitions that multiply', { pattern: '((a{100}){100}){100}' }, 'spec.names.pattern', 'invalid repeat count'],
  ])('%s', (_, names, field, message) => {
    const error = policyErrorOf(names);
    expect(error.field).toBe(field);
    expect(error.message).toContain(message);
  });

  test('an amount that is not a quantity for the arithmetic', () => {
    const text = '1'.repeat(65);
    expect(() =>
      compileRules({ ...specOf({}), resources: { requests: {}, limits: {}, maximum: { cpu: text } } }),
    ).toThrow(expect.objectContaining({ name: 'PolicyError', field: 'spec.resources.maximum[cpu]' }));
  });
});
