import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installPrograms } from '../../support/installed-programs.ts';

const run = promisify(execFile);
let installed: ReturnType<typeof installPrograms>;
beforeAll(() => {
  installed = installPrograms(['gpugate']);
});
afterAll(() => installed.remove());

/** What bash completes, after it has loaded the script as the README says; `files` when it goes on to offer those. */
async function completed(...words: string[]): Promise<{ values: string[]; files: boolean }> {
  const script = `
    source <(gpugate completion bash)
    complete -p gpugate
    compopt() { echo "compopt $*"; }
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _gpugate
    printf '> %s\\n' "\${COMPREPLY[@]}"`;
  const env = { ...process.env, PATH: `${installed.path}:${process.env['PATH'] ?? ''}` };
  const { stdout } = await run('bash', ['--norc', '-euc', script, 'bash', ...words], { env });
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toBe('complete -o default -F _gpugate gpugate');
  const values = lines.filter((line) => line.startsWith('> ') && line !== '> ').map((line) => line.slice(2));
  return { values, files: !lines.includes('compopt +o default') };
}

describe('bash completes', () => {
  test.each([
    ['a command', ['gpugate', 'us'], ['usage'], false],
    ['a command of a command', ['gpugate', 'manifests', 'cr'], ['crds'], false],
    ['a flag of a command, not of others', ['gpugate', 'usage', '--wa'], ['--watch'], false],
    ['a flag that stands for a setting', ['gpugate', 'serve', '--log-'], ['--log-level'], false],
    ['a value behind a blank', ['gpugate', 'usage', '-o', 'js'], ['json'], false],
    ['a value behind =, which bash sets apart', ['gpugate', 'usage', '--output', '=', 'js'], ['json'], false],
    ['every value behind =', ['gpugate', 'usage', '--output', '='], ['table', 'json', 'yaml'], false],
    ['an argument', ['gpugate', 'completion', 'z'], ['zsh'], false],
    ['a file where one may stand', ['gpugate', 'usage', '--snapshot', ''], [], true],
    ['nothing behind what is unknown', ['gpugate', 'nope', 'x'], [], false],
  ])('%s', async (_, words, values, files) => {
    expect(await completed(...words)).toEqual({ values, files });
  });
});
