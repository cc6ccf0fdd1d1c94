import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export type BareServer = { readonly port: number; readonly stop: () => void };

/** What every webhook in Node costs at least, as a process of its own; see bare-server.ts. */
export function startBare(certs: string): Promise<BareServer> {
  return startServer('bare-server.ts', [...pairIn(certs), '--echo-uid']);
}

/** The same with one write of the API server before each answer; see writing-server.ts. */
export function startWriting(certs: string, kubeconfig: string): Promise<BareServer> {
  return startServer('writing-server.ts', [...pairIn(certs), kubeconfig]);
}

const pairIn = (certs: string): string[] => [join(certs, 'tls.crt'), join(certs, 'tls.key')];

async function startServer(script: string, args: readonly string[]): Promise<BareServer> {
  const child = spawn(process.execPath, [join(import.meta.dirname, script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) =>
      resolve((JSON.parse(line) as { port: number }).port),
    );
    child.once('exit', (code) => reject(new Error(`${script} exited with ${code}`)));
  });
  return { port, stop: () => void child.kill('SIGKILL') };
}
