import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeOptions } from '../../src/cli/manifests/deployment.ts';
import { examplePolicies, exampleSnapshot } from '../support/examples.ts';
import { bytesOf } from '../support/reviews.ts';
import { apiServerReview } from './api-server-review.ts';
import { benchDecision } from './decision.ts';
import { cpuSeconds, startPinned, type PinnedServer } from './pinned-server.ts';
import { postReview } from './post-review.ts';
import { atLeast, median, type Figures } from './report.ts';
import { expectSamePod, mutatedPod } from './same-pod.ts';
import { runLoad } from './tls-load.ts';

const rounds = 5;
const seconds = 3;
const warmUpSeconds = 2;
const connections = 16;
const main = join(import.meta.dirname, '../../src/main.ts');

const variants = ['bare', 'plain', 'mutate', 'validate'] as const;
type Variant = (typeof variants)[number];
type Sample = { readonly perSecond: number; readonly cpuMicroseconds: number };
type Target = { readonly server: PinnedServer; readonly path: string; readonly body: Buffer };

/**
 * The whole request path under TLS, in turns with a bare `node:https` server that answers a constant and with the plain
 * pipeline of plain-server.ts. The servers share one core; the load has the other one.
 */
export async function benchPath(progress: (line: string) => void): Promise<Figures> {
  const decision = await benchDecision();
  progress('decisions measured; starting the servers ...');
  const certs = mkdtempSync(join(tmpdir(), 'gpugate-bench-'));
  const servers: PinnedServer[] = [];
  const start = async (args: readonly string[]) => {
    const server = await startPinned(args);
    servers.push(server);
    return server;
  };
  try {
    const facts = ['--policies', examplePolicies, '--snapshot', exampleSnapshot, '--certs', certs];
    const anyPort = ['--host', '127.0.0.1', '--port', '0', '--ops-port', '0'];
    // As it is deployed: young objects that stay in the caches of the core are worth a tenth of the time.
    const gpugate = await start([nodeOptions, main, 'serve', ...anyPort, ...facts]);
    const pair = [join(certs, 'tls.crt'), join(certs, 'tls.key')];
    const bare = await start([join(import.meta.dirname, 'bare-server.ts'), ...pair]);
    const plain = await start([nodeOptions, join(import.meta.dirname, 'plain-server.ts'), ...pair]);
    const body = { mutate: bytesOf(apiServerReview('mutate')), validate: bytesOf(apiServerReview('validate')) };
    await expectSameWork(certs, gpugate.port, plain.port);
    const samples = await measure(
      {
        bare: { server: bare, path: '/', body: body.mutate },
        plain: { server: plain, path: '/', body: body.mutate },
        mutate: { server: gpugate, path: '/mutate/pods', body: body.mutate },
        validate: { server: gpugate, path: '/validate/gpu', body: body.validate },
      },
      readFileSync(join(certs, 'ca.crt'), 'utf8'),
      progress,
    );
    return { ...figuresOf(samples), ...decision, review_size: { value: body.mutate.length, unit: 'bytes' } };
  } finally {
    for (const server of servers) server.stop();
    rmSync(certs, { recursive: true });
  }
}

async function expectSameWork(certs: string, gpugate: number, plain: number): Promise<void> {
  const review = apiServerReview('mutate');
  const [ours, theirs] = await Promise.all([
    postReview({ port: gpugate, certs, path: '/mutate/pods' }, review),
    postReview({ port: plain, certs, path: '/' }, review),
  ]);
  expectSamePod(mutatedPod(review, ours), mutatedPod(review, theirs));
}

async function measure(
  targets: Record<Variant, Target>,
  ca: string,
  progress: (line: string) => void,
): Promise<Record<Variant, Sample[]>> {
  const sample = async (variant: Variant, duration: number): Promise<Sample> => {
    const { server, path, body } = targets[variant];
    const before = cpuSeconds(server.pid);
    const load = await runLoad({ port: server.port, path, body, ca, connections, seconds: duration });
    if (load.notOk > 0) throw new Error(`${variant}: ${load.notOk} of ${load.requests} answers were not 200`);
    const cpu = cpuSeconds(server.pid) - before;
    return { perSecond: load.requests / load.seconds, cpuMicroseconds: (cpu / load.requests) * 1e6 };
  };
  for (const variant of variants) await sample(variant, warmUpSeconds);
  const samples: Record<Variant, Sample[]> = { bare: [], plain: [], mutate: [], validate: [] };
  for (let round = 1; round <= rounds; round++) {
    for (const variant of variants) samples[variant].push(await sample(variant, seconds));
    progress(`round ${round} of ${rounds}`);
  }
  return samples;
}

function figuresOf(samples: Record<Variant, Sample[]>): Figures {
  const ratio = (variant: Variant, base: Variant, of: (one: Sample, other: Sample) => number) =>
    median(samples[variant].map((one, i) => of(one, samples[base][i] ?? one)));
  /** The lower of two: requests a second when saturated, and CPU time, which no slow load generator changes. */
  const toBare = (variant: Variant) =>
    ratio(variant, 'bare', (one, bare) =>
      Math.min(one.perSecond / bare.perSecond, bare.cpuMicroseconds / one.cpuMicroseconds),
    );
  const toPlain = (variant: Variant) => ratio(variant, 'plain', (one, plain) => one.perSecond / plain.perSecond);
  const figures: Record<string, Figures[string]> = {
    mutate_ratio: atLeast(toBare('mutate'), 0.25, 'x of bare https'),
    validate_ratio: atLeast(toBare('validate'), 0.25, 'x of bare https'),
    mutate_to_plain: atLeast(toPlain('mutate'), 1.15, 'x of the plain pipeline'),
    validate_to_plain: atLeast(toPlain('validate'), 1.15, 'x of the plain pipeline'),
  };
  for (const variant of variants) {
    const middle = (field: keyof Sample) => median(samples[variant].map((one) => one[field]));
    figures[`${variant}_per_second`] = { value: middle('perSecond'), unit: 'requests/s' };
    figures[`${variant}_cpu`] = { value: middle('cpuMicroseconds'), unit: 'us of CPU a request' };
  }
  return figures;
}
