import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { nodeOptions } from '../../src/cli/manifests/deployment.ts';
import { bytesOf } from '../support/reviews.ts';
import { examplePolicies, exampleSnapshot } from '../support/examples.ts';
import { apiServerReview } from './api-server-review.ts';
import { atLeast, median, type Figures } from './report.ts';
import { runLoad } from './tls-load.ts';

const rounds = 5;
const seconds = 3;
const warmUpSeconds = 2;
const connections = 16;
const main = join(import.meta.dirname, '../../src/main.ts');

const anyPort = ['--host', '127.0.0.1', '--port', '0', '--ops-port', '0'];

type Server = { readonly pid: number; readonly port: number; stop(): void };
type Sample = { readonly perSecond: number; readonly cpuMicroseconds: number };

/**
 * The whole request path under TLS, beside a bare `node:https` server that answers a constant, in turns.
 * The servers share one core, the load has the other one. The ratio is the lower of two: requests a second when
 * saturated, and CPU time a request, which does not depend on how fast the load generator is.
 */
export async function benchPath(progress: (line: string) => void): Promise<Figures> {
  const certs = mkdtempSync(join(tmpdir(), 'gpugate-bench-'));
  const serveFlags = ['--policies', examplePolicies, '--snapshot', exampleSnapshot, '--certs', certs];
  // As it is deployed: young objects that stay in the caches of the core are worth a tenth of the time.
  const gpugate = await start([nodeOptions, main, 'serve', ...anyPort, ...serveFlags]);
  const bare = await start([
    join(import.meta.dirname, 'bare-server.ts'),
    join(certs, 'tls.crt'),
    join(certs, 'tls.key'),
  ]);
  try {
    const ca = readFileSync(join(certs, 'ca.crt'), 'utf8');
    const targets = {
      bare: { server: bare, path: '/', body: bytesOf(apiServerReview('mutate')) },
      mutate: { server: gpugate, path: '/mutate/pods', body: bytesOf(apiServerReview('mutate')) },
      validate: { server: gpugate, path: '/validate/gpu', body: bytesOf(apiServerReview('validate')) },
    };
    const sample = async (name: keyof typeof targets, duration: number): Promise<Sample> => {
      const { server, path, body } = targets[name];
      const before = cpuSeconds(server.pid);
      const load = await runLoad({ port: server.port, path, body, ca, connections, seconds: duration });
      if (load.notOk > 0) throw new Error(`${name}: ${load.notOk} of ${load.requests} answers were not 200`);
      const cpu = cpuSeconds(server.pid) - before;
      return { perSecond: load.requests / load.seconds, cpuMicroseconds: (cpu / load.requests) * 1e6 };
    };
    for (const name of ['bare', 'mutate', 'validate'] as const) await sample(name, warmUpSeconds);
    const samples: Record<keyof typeof targets, Sample[]> = { bare: [], mutate: [], validate: [] };
    for (let round = 1; round <= rounds; round++) {
      for (const name of ['bare', 'mutate', 'validate'] as const) samples[name].push(await sample(name, seconds));
      progress(`round ${round} of ${rounds}`);
    }
    const middle = (name: keyof typeof targets, field: keyof Sample) => median(samples[name].map((s) => s[field]));
    const ratio = (name: 'mutate' | 'validate') => {
      const pairs = samples[name].map((s, i) => {
        const base = samples.bare[i] ?? s;
        return Math.min(s.perSecond / base.perSecond, base.cpuMicroseconds / s.cpuMicroseconds);
      });
      return atLeast(median(pairs), 0.4, 'x of bare https');
    };
    const figures: Record<string, Figures[string]> = {
      mutate_ratio: ratio('mutate'),
      validate_ratio: ratio('validate'),
    };
    for (const name of ['bare', 'mutate', 'validate'] as const) {
      figures[`${name}_per_second`] = { value: middle(name, 'perSecond'), unit: 'requests/s' };
      figures[`${name}_cpu`] = { value: middle(name, 'cpuMicroseconds'), unit: 'us of CPU a request' };
    }
    figures['review_size'] = { value: targets.mutate.body.length, unit: 'bytes' };
    return figures;
  } finally {
    gpugate.stop();
    bare.stop();
    rmSync(certs, { recursive: true });
  }
}

/** On the first core only, where the machine lets us choose. */
async function start(args: readonly string[]): Promise<Server> {
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
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
