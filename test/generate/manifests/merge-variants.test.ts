import { describe, expect, test } from 'vitest';
import { mergeVariants } from './merge-variants.ts';

const merge = (...texts: string[]) =>
  mergeVariants(texts.map((text, index) => ({ condition: `is ${index}`, text: text.replaceAll(' ', '\n') })))
    .trimEnd()
    .split('\n');

describe('variants of a text', () => {
  test('that are equal need no condition', () => {
    expect(merge('a b', 'a b')).toEqual(['a', 'b']);
  });

  test('share what stands around a difference', () => {
    expect(merge('a x c', 'a y z c')).toEqual([
      'a',
      '{{- if is 0 }}',
      'x',
      '{{- end }}',
      '{{- if is 1 }}',
      'y',
      'z',
      '{{- end }}',
      'c',
    ]);
  });

  test('that say the same share a condition', () => {
    expect(merge('a', 'a b', 'a b')).toEqual(['a', '{{- if or (is 1) (is 2) }}', 'b', '{{- end }}']);
  });

  test('may be empty', () => {
    expect(merge('', 'a')).toEqual(['{{- if is 1 }}', 'a', '{{- end }}']);
  });
});
