import { describe, expect, test } from 'vitest';
import { denialMessage, sentencesOf, warningLines } from '../../src/policies/denial.ts';
import type { AttributedViolation } from '../../src/policies/merge-alike.ts';

const subject = 'pod proj-a/job-7-train';

const quota: AttributedViolation = {
  rule: 'quota',
  path: '',
  reason: 'nvidia.com/gpu: 4 requested, 14 used and 1 reserved of 16, 3 short.',
  detail: 'Largest users: job-3-llm 8, job-5-eval 4.',
  advice: 'Ask for 1 or less, delete a pod, or wait.',
  source: 'quota projects',
};
const mixed: AttributedViolation = {
  rule: 'gpu-mixed',
  path: 'spec.containers[0].resources.limits',
  reason: 'nvidia.com/gpu and nvidia.com/gpu.shared in one pod.',
  advice: 'Ask for one of them.',
  source: 'policy platform',
};
const plain: AttributedViolation = { rule: 'x', path: '', reason: 'No.', advice: 'Stop.', source: 'policy p' };

function many(count: number, text: string): AttributedViolation[] {
  return Array.from({ length: count }, (_, index) => ({ ...plain, reason: `${index} ${text}` }));
}

describe('a denial', () => {
  test('has the first reason on the first line, and the pod on the last', () => {
    const other = { ...mixed, path: 'spec.containers[2].resources.limits' };
    expect(denialMessage({ subject, violations: [quota, mixed, other] })).toBe(
      [
        '[quota] nvidia.com/gpu: 4 requested, 14 used and 1 reserved of 16, 3 short. Largest users: job-3-llm 8, job-5-eval 4. Ask for 1 or less, delete a pod, or wait. (quota projects)',
        ' [gpu-mixed] spec.containers[0,2].resources.limits: nvidia.com/gpu and nvidia.com/gpu.shared in one pod. Ask for one of them. (policy platform)',
        ' 2 reasons; gpugate refused pod proj-a/job-7-train.',
      ].join('\n'),
    );
  });

  test('counts one reason in the singular, and needs no field', () => {
    expect(denialMessage({ subject, violations: [plain] })).toBe(
      '[x] No. Stop. (policy p)\n 1 reason; gpugate refused pod proj-a/job-7-train.',
    );
  });

  test('has one line for what several policies found', () => {
    const violations = [mixed, plain, { ...mixed, source: 'policy tenants' }];
    expect(denialMessage({ subject, violations })).toBe(
      [
        '[gpu-mixed] spec.containers[0].resources.limits: nvidia.com/gpu and nvidia.com/gpu.shared in one pod. Ask for one of them. (policy platform, policy tenants)',
        ' [x] No. Stop. (policy p)',
        ' 2 reasons; gpugate refused pod proj-a/job-7-train.',
      ].join('\n'),
    );
  });

  test('does not let text of the user begin a line', () => {
    const violations = [{ ...plain, path: 'p\n', reason: 'a\r\n b.', detail: '\u2028', advice: '\u001b' }];
    expect(denialMessage({ subject: 'pod a/b\n [quota] all is well', violations })).toBe(
      '[x] p\\n: a\\r\\n b. \\u2028 \\u001b (policy p)\n 1 reason; gpugate refused pod a/b\\n [quota] all is well.',
    );
  });

  test('stays short, whatever the pod', () => {
    const message = denialMessage({ subject: 'p'.repeat(100_000), violations: many(1000, 'é'.repeat(5000)) });
    const lines = message.split('\n');
    expect(lines).toHaveLength(52);
    expect(lines[0]).toMatch(/^\[x\] 0 é+\.\.\. \(policy p\)$/);
    expect(lines.at(-2)).toBe(' ... and 950 more.');
    expect(lines.at(-1)).toMatch(/^ 1000 reasons; gpugate refused p+\.\.\.\.$/);
    expect(Buffer.byteLength(message)).toBeLessThan(64 * 1024);
  });
});

describe('the sentences of a violation', () => {
  const cases: Record<string, [Partial<AttributedViolation>, maxBytes: number, expected: string]> = {
    'are the reason, the detail and the advice': [{ detail: 'Why not?' }, 100, 'No. Why not? Stop.'],
    'lose the end of the detail first': [
      { detail: 'Because the detail is long.' },
      35,
      'No. Because the detail is ... Stop.',
    ],
    'lose a detail of which only a scrap would be left': [{ detail: 'Because the detail is long.' }, 30, 'No. Stop.'],
    'lose the advice last': [{ reason: 'A very long reason, which leaves no room.' }, 24, 'A very long reason, w...'],
  };
  test.each(Object.entries(cases))('%s', (_, [fields, maxBytes, expected]) => {
    expect(sentencesOf({ ...plain, ...fields }, maxBytes)).toBe(expected);
  });
});

describe('warnings', () => {
  test('are one line each, without a prefix', () => {
    expect(warningLines([mixed, { ...plain, detail: 'Why.' }])).toEqual([
      '[gpu-mixed] spec.containers[0].resources.limits: nvidia.com/gpu and nvidia.com/gpu.shared in one pod. Ask for one of them. (policy platform)',
      '[x] No. Why. Stop. (policy p)',
    ]);
  });

  test('are none when nothing is wrong', () => {
    expect(warningLines([])).toEqual([]);
  });

  test('contain no newline, because the API server drops such a warning silently', () => {
    expect(warningLines([{ ...plain, reason: 'a\nb', advice: 'c\r\n' }])).toEqual(['[x] a\\nb c\\r\\n (policy p)']);
  });

  test('are cut at 256 bytes, and keep the policy', () => {
    const [line = ''] = warningLines(many(1, 'é'.repeat(300)));
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(256);
    expect(line).toMatch(/é\.\.\. \(policy p\)$/);
  });

  test('stay within 256 bytes when every part is too long', () => {
    const long = 'é'.repeat(300);
    const [line = ''] = warningLines([
      { rule: 'x', path: long, reason: long, detail: long, advice: long, source: long },
    ]);
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(256);
    expect(line).toMatch(/^\[x\] é+\.\.\.é+\.\.\. \(é+\.\.\.\)$/);
  });

  test('have no duplicates', () => {
    expect(warningLines([mixed, mixed])).toHaveLength(1);
  });

  test('that differ only beyond the cut become one', () => {
    const long = 'é'.repeat(300);
    expect(warningLines([`${long}1`, `${long}2`].map((reason) => ({ ...plain, reason })))).toHaveLength(1);
  });

  test('end at 4,096 bytes with a line that counts the rest', () => {
    const lines = warningLines(many(100, 'x'.repeat(300)));
    expect(lines).toHaveLength(16);
    expect(lines.at(-1)).toBe('... and 85 more warnings');
    expect(Buffer.byteLength(lines.join(''))).toBeLessThanOrEqual(4096);
  });

  test('that fill 4,096 bytes exactly are all kept', () => {
    const around = '[x]  Stop. (policy p)'.length;
    const fitting = Array.from({ length: 16 }, (_, n) => ({
      ...plain,
      reason: String(n).padEnd(256 - around, 'x'),
    }));
    const lines = warningLines(fitting);
    expect(lines.map((line) => line.length)).toEqual(Array.from({ length: 16 }, () => 256));
    expect(lines.join('')).toHaveLength(4096);
  });
});
