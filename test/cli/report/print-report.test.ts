import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { exitCodes } from '../../../src/cli/exit-codes.ts';
import type { CliContext } from '../../../src/cli/context.ts';
import {
  exitCodeOf,
  isColoured,
  outputFormats,
  outputOption,
  printReport,
} from '../../../src/cli/report/print-report.ts';
import type { Report, ReportedResult } from '../../../src/cli/report/report.ts';
import { exampleReport } from './example-report.ts';

function reportWith(...verdicts: ReportedResult['verdict'][]): Report {
  return {
    command: 'test',
    results: verdicts.map((verdict) => ({ name: 'n', group: 'g', verdict, findings: [] })),
  };
}

function fakeCli(environment: CliContext['environment'] = {}): CliContext & { said: string; code: number } {
  const cli = {
    said: '',
    code: 0,
    version: '1.2.3',
    environment,
    isTerminal: false,
    directory: '/repo/tree',
    write: (text: string) => void (cli.said += text),
    writeError: () => undefined,
    interrupted: () => Promise.resolve(),
    showProgress: () => undefined,
    fail: (code: number = exitCodes.failed) => void (cli.code = code),
  };
  return cli;
}

describe('the exit code', () => {
  test.each([
    ['0 when nothing was judged', [], 0],
    ['0 when all pass, some with warnings', ['pass', 'warn'], 0],
    ['1 when one fails', ['pass', 'fail', 'warn'], 1],
    ['3 when one is undecided', ['pass', 'undecided'], 3],
    ['1 when one fails and one is undecided', ['undecided', 'fail'], 1],
  ] as const)('is %s', (_, verdicts, wanted) => {
    expect(exitCodeOf(reportWith(...verdicts))).toBe(wanted);
  });
});

describe('a report is printed', () => {
  test.each(outputFormats)('as %s, with its last newline and the exit code', async (format) => {
    const cli = fakeCli();
    await printReport(exampleReport, format, cli);
    expect(cli.said).toMatch(/[^\n]\n$/);
    expect(cli.said).toContain('short by 3');
    expect(cli.code).toBe(1);
  });

  test('without an exit code where all is well', async () => {
    const cli = fakeCli();
    await printReport(reportWith('pass'), 'text', { ...cli, fail: () => expect.unreachable() });
  });

  test('with exit code 3 where something is undecided', async () => {
    const cli = fakeCli();
    await printReport(reportWith('undecided'), 'text', cli);
    expect(cli.code).toBe(3);
  });

  test('in colours where they are forced', async () => {
    const cli = fakeCli({ FORCE_COLOR: '1' });
    await printReport(exampleReport, 'text', cli);
    expect(cli.said).toContain('\u001B[');
  });
});

test('-o takes the formats there are, text by default, and refuses others', () => {
  const command = outputOption(new Command('check').exitOverride().configureOutput({ writeErr: () => undefined }));
  expect(command.parse([], { from: 'user' }).opts()).toEqual({ output: 'text' });
  expect(command.parse(['-o', 'sarif'], { from: 'user' }).opts()).toEqual({ output: 'sarif' });
  expect(() => command.parse(['-o', 'toml'], { from: 'user' })).toThrow(/text, json, junit, sarif, github/);
});

describe('colours', () => {
  test.each([
    ['on a terminal', {}, true, true],
    ['not in a file', {}, false, false],
    ['not on a dumb terminal', { TERM: 'dumb' }, true, false],
    ['not with NO_COLOR', { NO_COLOR: '1' }, true, false],
    ['with an empty NO_COLOR, which counts as absent', { NO_COLOR: '' }, true, true],
    ['in a file with FORCE_COLOR', { FORCE_COLOR: '1' }, false, true],
    ['in a file with an empty FORCE_COLOR', { FORCE_COLOR: '' }, false, true],
    ['not with FORCE_COLOR=0', { FORCE_COLOR: '0' }, true, false],
    ['not with FORCE_COLOR=false', { FORCE_COLOR: 'false' }, true, false],
    ['with FORCE_COLOR over NO_COLOR', { FORCE_COLOR: '1', NO_COLOR: '1' }, false, true],
  ] as const)('%s', (_, environment, isTerminal, wanted) => {
    expect(isColoured({ environment, isTerminal })).toBe(wanted);
  });
});
