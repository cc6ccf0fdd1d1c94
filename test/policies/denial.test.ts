import { describe, expect, test } from 'vitest';
import { denialMessage, warningLines } from '../../src/policies/denial.ts';
import type { Violation } from '../../src/policies/rule.ts';

const quota: Violation = {
  rule: 'quota',
  path: 'proj-a-gpus',
  reason:
    'nvidia.com/gpu requested 4, used 14 + 1 reserved, hard 16, short by 3. Largest users: job-3-llm 8, job-5-eval 4.',
};
const mixed: Violation = {
  rule: 'gpu-mixed',
  path: 'spec.containers[0].resources.limits',
  reason: 'nvidia.com/gpu and nvidia.com/gpu.shared in one pod. Ask for one of them.',
};

function many(count: number, reason: string): Violation[] {
  return Array.from({ length: count }, (_, index) => ({ rule: 'r', path: `spec[${index}]`, reason }));
}

describe('a denial', () => {
  test('names the subject and every reason', () => {
    expect(denialMessage('pod proj-a/job-7-train', [quota, mixed])).toBe(
      [
        'gpugate refused pod proj-a/job-7-train (2 reasons):',
        ' [quota] proj-a-gpus: nvidia.com/gpu requested 4, used 14 + 1 reserved, hard 16, short by 3. Largest users: job-3-llm 8, job-5-eval 4.',
        ' [gpu-mixed] spec.containers[0].resources.limits: nvidia.com/gpu and nvidia.com/gpu.shared in one pod. Ask for one of them.',
      ].join('\n'),
    );
  });

  test('counts one reason in the singular, and needs no path', () => {
    expect(denialMessage('pod a/b', [{ rule: 'x', path: '', reason: 'No.' }])).toBe(
      'gpugate refused pod a/b (1 reason):\n [x] No.',
    );
  });

  test('shows the detail in brackets', () => {
    expect(denialMessage('pod a/b', [{ rule: 'x', path: 'spec', reason: 'No.', detail: 'a 1 + b 2' }])).toBe(
      'gpugate refused pod a/b (1 reason):\n [x] spec: No. (a 1 + b 2)',
    );
  });

  test('says what several policies found only once', () => {
    expect(denialMessage('pod a/b', [mixed, quota, { ...mixed }]).split('\n')).toHaveLength(3);
    expect(denialMessage('pod a/b', [mixed, { ...mixed, detail: 'x' }])).toContain('(2 reasons)');
  });

  test('lets no text of the user begin a line', () => {
    const message = denialMessage('pod a/b\n [quota] all is well', [
      { rule: 'x', path: 'p\n', reason: 'a\r\n b', detail: '\u2028' },
    ]);
    expect(message).toBe('gpugate refused pod a/b\\n [quota] all is well (1 reason):\n [x] p\\n: a\\r\\n b (\\u2028)');
  });

  test('stays short, whatever the pod', () => {
    const message = denialMessage('p'.repeat(100_000), many(1000, 'é'.repeat(5000)));
    const lines = message.split('\n');
    expect(lines[0]).toMatch(/^gpugate refused p+\.\.\. \(1000 reasons\):$/);
    expect(lines).toHaveLength(52);
    expect(lines.at(-1)).toBe(' ... and 950 more.');
    expect(Buffer.byteLength(message)).toBeLessThan(64 * 1024);
  });
});

describe('warnings', () => {
  test('are one line each, without a prefix', () => {
    expect(warningLines([mixed, { rule: 'x', path: '', reason: 'No.', detail: 'd' }])).toEqual([
      '[gpu-mixed] spec.containers[0].resources.limits: nvidia.com/gpu and nvidia.com/gpu.shared in one pod. Ask for one of them.',
      '[x] No. (d)',
    ]);
  });

  test('are none when nothing is wrong', () => {
    expect(warningLines([])).toEqual([]);
  });

  test('are cut at 256 bytes, since the API server counts bytes', () => {
    const [line = ''] = warningLines(many(1, 'é'.repeat(300)));
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(256);
    expect(line).toMatch(/é\.\.\.$/);
  });

  test('are said once', () => {
    expect(warningLines([mixed, mixed])).toHaveLength(1);
  });

  test('end at 4,096 bytes with a line that counts the rest', () => {
    const lines = warningLines(many(100, 'x'.repeat(300)));
    expect(lines).toHaveLength(16);
    expect(lines.at(-1)).toBe('... and 85 more warnings');
    expect(Buffer.byteLength(lines.join(''))).toBeLessThanOrEqual(4096);
  });

  test('that fill 4,096 bytes exactly are all said', () => {
    const fitting = Array.from({ length: 16 }, (_, n) => ({
      rule: 'r',
      path: '',
      reason: 'x'.repeat(250) + String(n % 10) + (n > 9 ? 'y' : 'z'),
    }));
    const lines = warningLines(fitting);
    expect(lines.map((line) => line.length)).toEqual(Array.from({ length: 16 }, () => 256));
    expect(lines.join('')).toHaveLength(4096);
  });
});
