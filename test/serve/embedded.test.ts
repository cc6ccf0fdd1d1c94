import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);
let child: ReturnType<typeof spawn>;
const curlLines: string[] = [];

// As a new user does it; only the ports are left to chance, since tests run beside other programs.
beforeAll(async () => {
  child = spawn('npm', ['start', '--', '--port', '0', '--ops-port', '0'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const output = child.stdout;
  if (output === null) throw new Error('no output');
  for await (const line of createInterface({ input: output })) {
    if (line.trim().startsWith('curl ')) curlLines.push(line.trim());
    if (curlLines.length === 2) break;
  }
});
afterAll(async () => {
  const exited = once(child, 'exit');
  process.kill(-(child.pid ?? 0), 'SIGINT'); // the whole group, as Ctrl-C does
  await exited;
});

test('npm start prints a curl line that shows a mutation and one that shows a denial', async () => {
  const [mutation, denial] = await Promise.all(curlLines.map((line) => run('bash', ['-c', line], { cwd: root })));
  const patch = JSON.parse(mutation?.stdout ?? '') as { path: string }[];
  expect(patch.map(({ path }) => path)).toContain('/metadata/labels/gpugate.dev~1gpu-mode');
  expect(denial?.stdout).toMatch(/^\[.*\n \[.*\n \d+ reasons; gpugate refused pod proj-a\/train\.\n$/s);
});
