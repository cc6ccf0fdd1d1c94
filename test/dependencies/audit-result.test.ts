import { describe, expect, test } from 'vitest';
import { auditResultOf } from './audit-result.ts';

describe('the audit', () => {
  const table: Readonly<Record<string, readonly [unknown, string, boolean]>> = {
    'names what is known, and fails': [
      { vulnerabilities: { pad: { severity: 'high', range: '<1.2.3' }, left: { severity: 'low', range: '*' } } },
      'high: pad <1.2.3\nlow: left *',
      true,
    ],
    'says when nothing is known': [{ vulnerabilities: {} }, 'no vulnerability is known of any dependency.', false],
    'says when the registry has none': [
      { message: '405 Method Not Allowed', error: { summary: '', detail: '' } },
      'NOT CHECKED: the registry offers no audit (405 Method Not Allowed). Try another: --registry URL.',
      false,
    ],
    'says when npm itself failed': [
      { error: { code: 'ENOLOCK', summary: 'no lock file' } },
      'NOT CHECKED: the registry offers no audit (no lock file). Try another: --registry URL.',
      false,
    ],
  };
  test.each(Object.entries(table))('%s', (_, [printed, text, isBad]) => {
    expect(auditResultOf(JSON.stringify(printed))).toEqual({ text, isBad });
  });

  test('says when there is no report at all', () => {
    expect(auditResultOf('').text).toMatch(/^NOT CHECKED: .*it printed no report/);
  });
});
