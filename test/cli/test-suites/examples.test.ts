import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runGpugate } from '../../support/run-gpugate.ts';
import { runCommand, runTests } from './run-tests.ts';

const examples = join(import.meta.dirname, '../../../manifests/examples');
const suites = join(examples, 'tests');

/** Every file of the examples, by its path in them. */
function exampleFiles(): Record<string, string> {
  const entries = readdirSync(examples, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(paths.map((path) => [path.slice(examples.length + 1), readFileSync(path, 'utf8')]));
}

describe('the example suites', () => {
  test('pass, and leave no rule and no quota out', async () => {
    const { code, output } = await runCommand([suites, '--coverage-min', '100']);
    expect(output).toMatch(/✓ \d+ of \d+ rules and quotas \(100%\)/);
    expect(output).toMatch(/\n(\d+) passed, of \1\n$/);
    expect(code).toBe(0);
  });

  test('fail when the policy is another', async () => {
    const files = exampleFiles();
    const platform = 'policies/platform.yaml';
    const { code, output } = await runTests(
      { ...files, [platform]: (files[platform] ?? '').replace('allowMixed: false', 'allowMixed: true') },
      ['tests/platform.yaml'],
    );
    expect(code).toBe(1);
    expect(output).toContain('- platform/gpu-mixed');
  });

  test('set the exit code of the program', async () => {
    const codes = async (...args: string[]) => (await runGpugate(['test', ...args])).code;
    expect(await codes(suites)).toBe(0);
    expect(await codes(suites, '--run', 'sandbox/', '--coverage-min', '100')).toBe(1);
    expect(await codes(join(examples, 'no-such-suite.yaml'))).toBe(2);
    expect(await codes()).toBe(2);
  });

  test('are as --update writes them', async () => {
    const files = exampleFiles();
    const { code, file, output } = await runTests(files, ['tests', '--update']);
    expect(output).not.toContain('updated');
    expect(code).toBe(0);
    for (const [name, text] of Object.entries(files)) expect(file(name)).toBe(text);
  });
});
