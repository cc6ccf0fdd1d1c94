import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import Ajv from 'ajv-draft-04';
import addFormats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import { reportSarif } from '../../../src/cli/report/sarif.ts';
import type { Report } from '../../../src/cli/report/report.ts';
import { exampleReport, hostile, plainContext } from './example-report.ts';

type Location = {
  physicalLocation?: { artifactLocation: { uri: string; uriBaseId?: string }; region: object };
  logicalLocations: { fullyQualifiedName: string }[];
};
type Run = {
  tool: { driver: { rules: { id: string; shortDescription?: { text: string } }[] } };
  invocations: { executionSuccessful: boolean }[];
  results: { ruleId: string; ruleIndex: number; level: string; message: { text: string }; locations: Location[] }[];
};

/** The schema of the standard, as Microsoft's own matchers for tests carry it. */
const schemaFile = createRequire(import.meta.url).resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json');
const ajv = new Ajv.default({ strict: false, allErrors: true, unicodeRegExp: false });
addFormats.default(ajv);
const validate = ajv.compile(JSON.parse(readFileSync(schemaFile, 'utf8')) as object);

/** The only run, of a log that the schema of SARIF 2.1.0 allows. */
function runOf(report: Report): Run {
  const log = JSON.parse(reportSarif(report, plainContext)) as { runs: [Run] };
  validate(log);
  expect(validate.errors).toBeNull();
  return log.runs[0];
}

describe('SARIF', () => {
  test('has a result for each finding, and one for what is undecided without any', () => {
    const { results, tool, invocations } = runOf(exampleReport);
    expect(results.map(({ ruleId, level, message }) => [ruleId, level, message.text])).toEqual([
      [
        'gpu-mixed',
        'error',
        'spec.containers[0].resources.limits: nvidia.com/gpu and nvidia.com/gpu.shared in one pod. Ask for one of them.',
      ],
      ['quota', 'error', 'short by 3 <of 16> & "more"'],
      ['node-fit', 'note', 'spec: No node: none, at 100%'],
      ['required-labels', 'warning', 'A label is missing.'],
      ['undecided', 'error', 'The kind Widget is not known.'],
    ]);
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    expect(invocations).toEqual([{ executionSuccessful: false }]);
  });

  test('describes each rule once, in the words of the README', () => {
    const { rules } = runOf(exampleReport).tool.driver;
    expect(rules.map(({ id }) => id)).toEqual(['gpu-mixed', 'node-fit', 'quota', 'required-labels', 'undecided']);
    expect(rules.filter(({ shortDescription }) => shortDescription === undefined)).toEqual([]);
    expect(rules[3]?.shortDescription).toEqual({ text: 'Required labels are present and have a value.' });
  });

  test('places a finding where it stands, or else where its object does', () => {
    const [mixed, quota, , warned] = runOf(exampleReport).results;
    const uri = 'pods/mixed%2C%20100%25.yaml';
    const logicalLocations = [{ fullyQualifiedName: 'Pod proj-a/train', kind: 'object' }];
    const at = (startLine: number, startColumn: number) => ({
      artifactLocation: { uri, uriBaseId: '%SRCROOT%' },
      region: { startLine, startColumn },
    });
    expect(mixed?.locations).toEqual([{ physicalLocation: at(9, 7), logicalLocations }]);
    expect(quota?.locations).toEqual([{ physicalLocation: at(1, 1), logicalLocations }]);
    expect(warned?.locations[0]?.physicalLocation).toBeUndefined();
  });

  test.each([
    ['./pods/../a.yaml', 'a.yaml'],
    ['/repo/tree/pods/a.yaml', 'pods/a.yaml'],
    ['../other/a b.yaml', 'file:///repo/other/a%20b.yaml'],
    ['/repo/tree2/a.yaml', 'file:///repo/tree2/a.yaml'],
    ['..a/b.yaml', '..a/b.yaml'],
    ['a:b#c?.yaml', 'a%3Ab%23c%3F.yaml'],
    ['-', undefined],
    ['<stdin>', undefined],
  ])('tells the file %s as %s', (file, wanted) => {
    const finding = { rule: 'gpu-mixed', level: 'error', message: 'm', place: { file, line: 1, column: 1 } } as const;
    const { results } = runOf({
      command: 'check',
      results: [{ name: 'n', group: 'g', verdict: 'fail', findings: [finding] }],
    });
    expect(results[0]?.locations[0]?.physicalLocation?.artifactLocation.uri).toBe(wanted);
  });

  test('is valid whatever stands in it, and when there is nothing', () => {
    const place = { file: hostile, line: 1, column: 1 };
    const finding = { rule: hostile, policy: hostile, level: 'error', message: hostile, place } as const;
    runOf({ command: 'check', results: [{ name: hostile, group: hostile, verdict: 'fail', findings: [finding] }] });
    expect(runOf({ command: 'check', results: [] }).results).toEqual([]);
  });
});
