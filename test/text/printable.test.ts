import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clip, printable, shown, shownList } from '../../src/text/printable.ts';

describe('printable', () => {
  test.each([
    ['plain ASCII stays', 'job-7 "x" ~', 'job-7 "x" ~'],
    ['letters of every script stay', 'größe 訓練 🙂', 'größe 訓練 🙂'],
    ['a line break cannot start a line of its own', 'a\n [quota] fine\r\n', 'a\\n [quota] fine\\r\\n'],
    ['terminal sequences are shown, not obeyed', '\u001b[2Jx\u0007\u009b31m', '\\u001b[2Jx\\u0007\\u009b31m'],
    ['text cannot run backwards', 'abc\u202etxt.exe\u2066', 'abc\\u202etxt.exe\\u2066'],
    ['invisible characters are shown', 'a\u200bb\u00adc\ufeff', 'a\\u200bb\\u00adc\\ufeff'],
    ['line and paragraph separators are shown', 'a\u2028b\u2029', 'a\\u2028b\\u2029'],
    ['half a surrogate pair is shown', 'a\ud83d', 'a\\ud83d'],
    ['tags beyond the first plane are shown', '\u{e0041}', '\\ue0041'],
  ])('%s', (_, text, expected) => {
    expect(printable(text)).toBe(expected);
  });

  test('leaves one line without control characters, and doing it twice changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = printable(text);
        expect(once).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(printable(once)).toBe(once);
      }),
    );
  });
});

describe('clip', () => {
  test.each([
    ['a text that just fits stays', 'abcdef', 6, 'abcdef'],
    ['one byte too many', 'abcdefg', 6, 'abc...'],
    ['bytes count, not characters', 'ééé', 6, 'ééé'],
    ['a character is never cut in two', 'aéébbb', 6, 'aé...'],
    ['nor one outside the first plane', 'a🙂bbbbbb', 7, 'a...'],
    ['no room at all', 'abcdef', 2, '...'],
  ])('%s', (_, text, maxBytes, expected) => {
    expect(clip(text, maxBytes)).toBe(expected);
  });

  test('keeps to the limit and to whole characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 3, max: 60 }), (text, maxBytes) => {
        const clipped = clip(text, maxBytes);
        expect(Buffer.byteLength(clipped)).toBeLessThanOrEqual(maxBytes);
        expect(clipped).not.toContain('\ufffd');
        expect(clipped === text || text.startsWith(clipped.slice(0, -3))).toBe(true);
      }),
    );
  });
});

describe('values in a sentence', () => {
  test('are escaped and bounded', () => {
    expect(shown(`\n${'x'.repeat(1000)}`)).toBe(`\\n${'x'.repeat(75)}...`);
  });

  test.each([
    ['nothing', [], ''],
    ['one', ['a'], 'a'],
    ['two', ['a', 'b'], 'a and b'],
    ['as many as are listed', ['a', 'b', 'c', 'd', 'e'], 'a, b, c, d and e'],
    ['more', ['a', 'b', 'c', 'd', 'e', 'f', 'g'], 'a, b, c, d, e and 2 more'],
  ])('are listed: %s', (_, values, expected) => {
    expect(shownList(values)).toBe(expected);
  });
});
