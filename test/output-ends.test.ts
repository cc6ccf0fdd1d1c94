import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { examplePolicies } from './support/examples.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const main = join(import.meta.dirname, '../src/main.ts');

/** Checks more pods than a pipe holds, none of which is refused. */
function checkMany(stdout: 'pipe' | number) {
  const { path, write } = temporaryDirectory();
  const pods = Array.from({ length: 2000 }, (_, index) => `apiVersion: v1\nkind: Pod\nmetadata: {name: p-${index}}\n`);
  write('pods.yaml', pods.map((pod) => `${pod}spec: {containers: [{name: a, image: x}]}\n`).join('---\n'));
  const args = [main, 'check', join(path, 'pods.yaml'), '--policies', examplePolicies];
  return spawn(process.execPath, args, { stdio: ['ignore', stdout, 'pipe'] });
}

test('a reader that leaves early ends the command without a stack, and not with 0', async () => {
  const child = checkMany('pipe');
  const closed = once(child, 'close') as Promise<[number | null]>;
  child.stdout?.once('data', () => child.stdout?.destroy());
  const [stderr, [code]] = await Promise.all([child.stderr === null ? '' : text(child.stderr), closed]);
  expect([code, stderr.replace(/^gpugate: no cluster is known.*\n/, '')]).toEqual([1, '']);
});

test('a full disk is told in one line', async () => {
  const full = openSync('/dev/full', 'w');
  const child = checkMany(full);
  closeSync(full);
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [stderr, [code]] = await Promise.all([child.stderr === null ? '' : text(child.stderr), closed]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/gpugate: cannot write the output: ENOSPC: [^\n]*\n$/);
  expect(stderr).not.toContain('at ');
});
