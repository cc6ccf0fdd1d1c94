import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureBinaries } from '../../controlplane/build.ts';
import { installPrograms } from '../../support/installed-programs.ts';

const run = promisify(execFile);
const { bin } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8')) as {
  bin: Record<string, string>;
};
let installed: ReturnType<typeof installPrograms>;
let kubectlProgram: string;

beforeAll(async () => {
  installed = installPrograms(Object.keys(bin));
  kubectlProgram = (await ensureBinaries()).kubectl;
});
afterAll(() => installed.remove());

/** The real kubectl, with the programs of the package on its PATH. */
async function kubectl(...args: string[]): Promise<string> {
  const env = { ...process.env, PATH: `${installed.path}:${process.env['PATH'] ?? ''}` };
  return (await run(kubectlProgram, args, { env })).stdout;
}

describe('kubectl', () => {
  test('lists the plugin', async () => {
    expect(await kubectl('plugin', 'list')).toContain('/kubectl-gpugate\n');
  });

  test('runs its commands, and help calls them as they are called', async () => {
    expect(await kubectl('gpugate', 'usage', '--help')).toMatch(/^Usage: kubectl gpugate usage \[options\]/);
    expect(await kubectl('gpugate', 'manifests', 'crds')).toContain('name: workloadpolicies.gpugate.dev');
  });

  test('passes its exit code on', async () => {
    await expect(kubectl('gpugate', 'nope')).rejects.toMatchObject({ code: 2 });
  });

  test('completes its words', async () => {
    const lines = (await kubectl('__complete', 'gpugate', 'usage', '--wa')).split('\n');
    expect(lines).toEqual(['--watch\tkeep running, and print again whenever something changes', ':4', '']);
  });
});
