import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { reportText } from '../../../src/cli/report/text.ts';
import { exampleReport, hostile, plainContext } from './example-report.ts';

const wanted = `pods/good.yaml
  ✓ Pod proj-a/job-7-train (12 ms)
      + metadata.labels.project-id: a
      - spec.nodeName: n1
  ! Pod proj-b/job-8-eval
      warning [required-labels] A label is missing. (sandbox)
  ? Widget proj-b/w

        The kind Widget is not known.

pods/mixed, 100%.yaml
  ✗ Pod proj-a/train
      pods/mixed, 100%.yaml:9:7: error [gpu-mixed] spec.containers[0].resources.limits: nvidia.com/gpu and nvidia.com/gpu.shared in one pod. Ask for one of them. (platform)
      error [quota] short by 3 <of 16> & "more" (projects)
      note [node-fit] spec: No node: none, at 100% (platform)

1 failed, 1 undecided, 1 passed with warnings, 1 passed, of 4
`;

test('text groups by file, marks each verdict, places each finding, and ends with the counts', () => {
  expect(reportText(exampleReport, plainContext)).toBe(wanted);
});

test('with colours it says the same, and failures and removed lines are red', () => {
  const coloured = reportText(exampleReport, { ...plainContext, isColoured: true });
  expect(stripVTControlCharacters(coloured)).toBe(wanted);
  expect(coloured).toContain('\u001B[31m✗\u001B[39m');
  expect(coloured).toContain('\u001B[31m- spec.nodeName: n1\u001B[39m');
  expect(coloured).toContain('\u001B[32m+ metadata.labels.project-id: a\u001B[39m');
});

test('nothing judged is said', () => {
  expect(reportText({ command: 'check', results: [] }, plainContext)).toBe('nothing to judge\n');
});

test('no name, rule or message can move the cursor or begin a line', () => {
  const finding = { rule: hostile, policy: hostile, level: 'error', message: hostile, field: hostile } as const;
  const place = { file: hostile, line: 1, column: 1 };
  const result = { name: hostile, group: hostile, verdict: 'fail', findings: [{ ...finding, place }] } as const;
  const text = reportText({ command: 'check', results: [result] }, plainContext);
  expect(text.split('\n')).toHaveLength(6);
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Zl}]/u);
});
