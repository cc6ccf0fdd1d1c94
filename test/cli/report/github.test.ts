import { describe, expect, test } from 'vitest';
import { reportGithub } from '../../../src/cli/report/github.ts';
import { exampleReport, hostile, plainContext } from './example-report.ts';

/** As the runner reads a line (actions/runner, ActionCommand.TryParseV2). */
function readCommand(line: string): { command: string; properties: Record<string, string>; data: string } | undefined {
  const match = /^::([a-z]+) (.*?)::(.*)$/s.exec(line.trimStart());
  if (match === null) return undefined;
  const [, command = '', pairs = '', data = ''] = match;
  const unescape = (text: string) =>
    text
      .replaceAll('%0D', '\r')
      .replaceAll('%0A', '\n')
      .replaceAll('%3A', ':')
      .replaceAll('%2C', ',')
      .replaceAll('%25', '%');
  const properties = Object.fromEntries(
    pairs.split(',').map((pair) => {
      const [key = '', ...value] = pair.split('=');
      return [key, unescape(value.join('='))] as const;
    }),
  );
  return { command, properties, data: unescape(data) };
}

describe('annotations', () => {
  test('are one line a finding, escaped, and the counts last', () => {
    expect(reportGithub(exampleReport, plainContext).split('\n')).toEqual([
      '::error file=pods/mixed%2C 100%25.yaml,line=9,col=7,title=gpu-mixed%3A Pod proj-a/train::spec.containers[0].resources.limits: nvidia.com/gpu and nvidia.com/gpu.shared in one pod. Ask for one of them.',
      '::error file=pods/mixed%2C 100%25.yaml,line=1,col=1,title=quota%3A Pod proj-a/train::short by 3 <of 16> & "more"',
      '::notice file=pods/mixed%2C 100%25.yaml,line=1,col=1,title=node-fit%3A Pod proj-a/train::spec: No node: none, at 100%25',
      '::warning title=required-labels%3A Pod proj-b/job-8-eval::A label is missing.',
      '::error file=pods/good.yaml,line=30,col=1,title=undecided%3A Widget proj-b/w::The kind Widget is not known.',
      '1 failed, 1 undecided, 1 passed with warnings, 1 passed, of 4',
      '',
    ]);
  });

  test('are read back as they were meant, and no value begins a command of its own', () => {
    const place = { file: hostile, line: 1, column: 2 };
    const finding = { rule: hostile, level: 'error', message: hostile, place } as const;
    const result = { name: hostile, group: hostile, verdict: 'fail', findings: [finding] } as const;
    const lines = reportGithub({ command: 'check', results: [result] }, plainContext).split(/[\r\n]/);
    expect(lines.map(readCommand)).toEqual([
      {
        command: 'error',
        properties: { file: hostile, line: '1', col: '2', title: `${hostile}: ${hostile}` },
        data: hostile,
      },
      undefined,
      undefined,
    ]);
  });
});
