import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export type PinnedServer = { readonly pid: number; readonly port: number; stop(): void };

/** Starts a server in Node that prints its port, on the first core only, where the machine lets us choose. */
export async function startPinned(args: readonly string[]): Promise<PinnedServer> {
  const pin = spawnSync('taskset', ['--version']).status === 0 ? ['taskset', '-c', '0'] : [];
  const [command = '', ...rest] = [...pin, process.execPath, ...args];
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<number>((resolve, reject) => {
    const lines = createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.includes('"msg":"serving"')) return;
      resolve((JSON.parse(line) as { port: number }).port);
      // The lines about requests are read but not split, which would slow the load generator: it is in this process.
      lines.close();
      child.stdout.resume();
    });
    child.once('exit', (code) => reject(new Error(`${args.join(' ')} exited with ${code}`)));
  });
  return { pid: child.pid ?? 0, port, stop: () => void child.kill('SIGKILL') };
}

/** utime + stime of the process, in seconds; from proc(5), where a tick is 10 ms. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resident memory of the process, in MiB. */
export function residentMiB(pid: number): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return Number(kibibytes) / 1024;
}
