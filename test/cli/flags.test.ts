import { expect, test } from 'vitest';
import { InputError } from '../../src/text/errors.ts';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { labelFlag } from '../../src/cli/flags.ts';
import { runGpugate } from '../support/run-gpugate.ts';

test.each(['a', '0', 'gpu-gate-2', 'a'.repeat(63)])('%s is a name', (name) => {
  expect(labelFlag('--service')(name)).toBe(name);
});

test.each(['', '-a', 'a-', 'A', 'a.b', 'a_b', 'a/b', 'a b', 'ä', 'a'.repeat(64)])('%j is none', (name) => {
  expect(() => labelFlag('--service')(name)).toThrow(
    new InputError(`--service ${name}: must be at most 63 lowercase letters, digits and -`),
  );
});

const commands: Readonly<Record<string, readonly string[]>> = {
  serve: ['serve', '--namespace', 'a/b'],
  'the Service of serve': ['serve', '--service-name', 'a/b'],
  doctor: ['doctor', '--namespace', 'a/b'],
  'the Service of doctor': ['doctor', '--service', 'a/b'],
  check: ['check', '.', '--namespace', 'a/b'],
  install: ['manifests', 'install', '--namespace', 'a/b'],
};
test.each(Object.entries(commands))('%s ends with bad input when a name cannot be one', async (_, words) => {
  const { code, stderr } = await runGpugate(words);
  expect(stderr).toMatch(/^--\S+( a\/b)?: must be at most 63 lowercase letters, digits and -\n$/);
  expect(code).toBe(exitCodes.badInput);
});
