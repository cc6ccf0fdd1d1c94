import { describe, expect, test } from 'vitest';
import { type FieldPath, formatProblem, formatField, parseField } from '../../src/text/problem.ts';

const fields: Readonly<Record<string, FieldPath>> = {
  '': [],
  spec: ['spec'],
  'spec.mps.vram': ['spec', 'mps', 'vram'],
  'spec.gpu.maxPerPod[nvidia.com/gpu]': ['spec', 'gpu', 'maxPerPod', 'nvidia.com/gpu'],
  'spec.labels.set.project-id': ['spec', 'labels', 'set', 'project-id'],
  'items[1].spec.labels.require[0]': ['items', '1', 'spec', 'labels', 'require', '0'],
};

describe('a field path', () => {
  test.each(Object.entries(fields))('"%s" is written as Kubernetes does, and read back', (text, path) => {
    expect(formatField(path)).toBe(text);
    expect(parseField(text)).toEqual(path);
  });
});

describe('a problem', () => {
  const problem = { file: 'policies/platform.yaml', line: 12, column: 5, message: 'must be an integer' };

  test('is one line that terminals turn into a link', () => {
    expect(formatProblem({ ...problem, field: 'spec.mps.vram' })).toBe(
      'policies/platform.yaml:12:5 spec.mps.vram: must be an integer',
    );
  });

  test('of a whole file names no field', () => {
    expect(formatProblem({ ...problem, field: '' })).toBe('policies/platform.yaml:12:5 must be an integer');
  });
});
