import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

const main = join(import.meta.dirname, '../../src/main.ts');
const startDeadlineMs = 60_000;
/** Longer than any drain of the tests; then the process hangs, which is a failure of its own. */
const stopDeadlineMs = 30_000;

/** A process that may not listen yet. */
export type StartingProcess = {
  readonly pid: number;
  /** Everything it has logged, one JSON line an element. */
  readonly lines: readonly string[];
  readonly hasExited: () => boolean;
  /** Resolves with the exit code. */
  stop(): Promise<number | null>;
  kill(): Promise<void>;
  /** Resolves with its ports when it listens for admissions; rejects when it ends before. */
  readonly serving: Promise<{ readonly port: number; readonly opsPort: number }>;
};

/** One `gpugate serve` as a process of its own, as a user would run it. */
export type ServeProcess = Omit<StartingProcess, 'serving'> & { readonly port: number; readonly opsPort: number };

/** For a process whose clock on the wall is wrong. */
export const anHourAhead: Readonly<Record<string, string>> = {
  NODE_OPTIONS: '--import=data:text/javascript,const{now}=Date;Date.now=()=>now()+3600000',
};

/** Starts it on 127.0.0.1, on free ports unless told otherwise. */
export function spawnServe(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): StartingProcess {
  const flags = ['serve', '--host', '127.0.0.1', '--port', '0', '--ops-port', '0', ...args];
  const child = spawn(process.execPath, [main, ...flags], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const serving = new Promise<{ port: number; opsPort: number }>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      const ports = portsIn(line);
      if (ports !== undefined) resolve(ports);
    });
    createInterface({ input: child.stderr }).on('line', (line) => lines.push(line));
    child.once('exit', (code) => reject(new Error(`gpugate serve exited with ${code}:\n${lines.join('\n')}`)));
    child.once('error', reject);
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  exited.catch(() => undefined);
  serving.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    lines,
    serving,
    hasExited: () => child.exitCode !== null || child.signalCode !== null,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    stop: async () => {
      child.kill('SIGTERM');
      const impatience = setTimeout(() => child.kill('SIGKILL'), stopDeadlineMs);
      const [code] = await exited;
      clearTimeout(impatience);
      return code;
    },
  };
}

/** Starts it on free ports of 127.0.0.1 and waits until it is ready. */
export async function startServe(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<ServeProcess> {
  const { serving, ...started } = spawnServe(args, environment);
  try {
    const { port, opsPort } = await serving;
    await untilReady(opsPort);
    return { ...started, port, opsPort };
  } catch (error) {
    if (!started.hasExited()) await started.kill();
    throw new Error(`${(error as Error).message}\n${started.lines.slice(-20).join('\n')}`, { cause: error });
  }
}

function portsIn(line: string): { port: number; opsPort: number } | undefined {
  if (!line.includes('"msg":"serving"')) return undefined;
  return JSON.parse(line) as { port: number; opsPort: number };
}

/** What a probe is answered; status 0 when nobody listens. */
export async function probe(opsPort: number, path: '/readyz' | '/healthz'): Promise<{ status: number; body: string }> {
  return new Promise((resolve) => {
    const nobody = () => resolve({ status: 0, body: '' });
    get({ host: '127.0.0.1', port: opsPort, path, agent: false }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), nobody);
    }).on('error', nobody);
  });
}

async function untilReady(opsPort: number): Promise<void> {
  const deadline = performance.now() + startDeadlineMs;
  for (;;) {
    const { status, body } = await probe(opsPort, '/readyz');
    if (status === 200) return;
    if (performance.now() > deadline) {
      throw new Error(`gpugate serve is not ready after ${startDeadlineMs} ms: /readyz says ${status} ${body}`);
    }
    await sleep(25);
  }
}
