import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export type BareServer = { readonly port: number; readonly stop: () => void };

/** The bare webhook as a process of its own, fit to be registered; `patch` is what it answers at /mutate/. */
export async function startBare(certs: string, patch: readonly object[] = []): Promise<BareServer> {
  const script = join(import.meta.dirname, 'bare-server.ts');
  const args = [script, join(certs, 'tls.crt'), join(certs, 'tls.key'), JSON.stringify(patch)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) =>
      resolve((JSON.parse(line) as { port: number }).port),
    );
    child.once('exit', (code) => reject(new Error(`the bare webhook exited with ${code}`)));
  });
  return { port, stop: () => void child.kill('SIGKILL') };
}
