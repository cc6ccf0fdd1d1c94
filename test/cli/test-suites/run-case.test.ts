import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exitCodeOf } from '../../../src/cli/report/print-report.ts';
import { readSuiteFile } from '../../../src/cli/test-suites/read-suite.ts';
import { runCase } from '../../../src/cli/test-suites/run-case.ts';
import { createSuiteInputs } from '../../../src/cli/test-suites/suite-inputs.ts';
import { resultOf } from '../../../src/cli/test-suites/suite-report.ts';
import { judgeCase } from '../../../src/cli/test-suites/update-cases.ts';
import { podOf, policy, suiteOf } from './run-tests.ts';

async function readOneCase() {
  const directory = mkdtempSync(join(tmpdir(), 'gpugate-case-'));
  try {
    writeFileSync(join(directory, 'policy.yaml'), policy);
    const file = join(directory, 'suite.yaml');
    const text = suiteOf(`\n  - name: one\n    objects: [${podOf('a')}]\n`);
    const { suites, problems } = await readSuiteFile({ file, text }, createSuiteInputs());
    expect(problems).toEqual([]);
    const suite = suites[0];
    const testCase = suite?.cases[0];
    if (suite === undefined || testCase === undefined) throw new Error('one suite has one case.');
    return { suite, testCase };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('a case that cannot be judged is undecided, and exit code 3', async () => {
  const { suite, testCase } = await readOneCase();
  const run = await runCase(suite, testCase, () => {
    throw new Error('out of memory');
  });
  const result = resultOf(judgeCase(suite, run));
  expect(result).toMatchObject({ verdict: 'undecided', findings: [{ rule: 'not-judged', message: 'out of memory' }] });
  expect(exitCodeOf({ command: 'test', results: [result] })).toBe(3);
});

test('an exempt request passes, and touches no policy', async () => {
  const { suite, testCase } = await readOneCase();
  const { result, outcomes } = await runCase(suite, testCase, () => 'namespace default');
  expect(result).toMatchObject({ kind: 'judged', got: { decision: 'Allow', patch: [] } });
  expect(outcomes.map(({ policies, exemption }) => ({ policies, exemption }))).toEqual([
    { policies: [], exemption: 'namespace default' },
  ]);
});
