import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const main = join(import.meta.dirname, '../../src/main.ts');

/** Runs one gpugate command to its end, as a user would. */
export async function runGpugate(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code: code ?? -1, stdout, stderr };
}

/** Its standard output; throws when it fails. */
export async function outputOf(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runGpugate(args);
  if (code !== 0) throw new Error(`gpugate ${args.join(' ')} exited with ${code}: ${stderr}`);
  return stdout;
}
