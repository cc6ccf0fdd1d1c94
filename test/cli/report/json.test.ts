import { expect, test } from 'vitest';
import { reportJson } from '../../../src/cli/report/json.ts';
import { exampleReport, plainContext } from './example-report.ts';

test('JSON is one line with a version, the counts and every result, less what only people read', () => {
  const output = reportJson(exampleReport, plainContext);
  expect(output.indexOf('\n')).toBe(output.length - 1);
  const { results, ...head } = JSON.parse(output) as { results: Record<string, unknown>[] };
  expect(head).toEqual({
    version: 1,
    gpugate: '1.2.3',
    command: 'check',
    summary: { pass: 1, warn: 1, fail: 1, undecided: 1, total: 4 },
  });
  const wanted = exampleReport.results.map((result) => ({ ...result, text: undefined }));
  expect(results).toEqual(wanted);
  expect(results.every((result) => !('text' in result))).toBe(true);
});
