import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json, text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { webhookPaths, type WebhookId } from '../../src/review/webhooks.ts';
import { applyPatch, type Operation } from '../../src/mutations/apply.ts';
import { examplePolicies, exampleSnapshot } from '../support/examples.ts';
import { bytesOf, gpuPod, reviewOf } from '../support/reviews.ts';
import { runGpugate } from '../support/run-gpugate.ts';
import { startServe, type ServeProcess } from '../support/serve-process.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gpugate-serve-record-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const start = (...args: readonly string[]): Promise<ServeProcess> =>
  startServe([
    ...['--policies', examplePolicies, '--snapshot', exampleSnapshot, '--certs', join(directory, 'certs')],
    ...['--drain-spread', '0s', ...args],
  ]);

type Response = { readonly allowed: boolean; readonly patch?: string };

/** As the API server asks, over TLS that it verifies. */
async function ask(port: number, webhook: WebhookId, review: object): Promise<Response> {
  const ca = readFileSync(join(directory, 'certs/ca.crt'));
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const path = `${webhookPaths[webhook]}?timeout=10s`;
    const asked = request({ host: '127.0.0.1', port, path, method: 'POST', ca, headers }, (answer) => {
      json(answer).then((body) => resolve((body as { response: Response }).response), reject);
    });
    asked.on('error', reject).end(bytesOf(review));
  });
}

/** Both phases of a creation: whether the pod is let in. */
async function create(port: number, name: string): Promise<boolean> {
  const object = secretPod(name);
  const { patch = '' } = await ask(port, 'pods.mutate', reviewOf({ name, object }));
  const operations = JSON.parse(Buffer.from(patch, 'base64').toString()) as Operation[];
  const { allowed } = await ask(port, 'gpu.validate', reviewOf({ name, object: applyPatch(object, operations) }));
  return allowed;
}

const metricsOf = (opsPort: number): Promise<string> =>
  new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port: opsPort, path: '/metrics' }, (answer) => {
      text(answer).then(resolve, reject);
    });
  });

const secret = 'correct-horse-battery-staple';
const secretPod = (name: string): object =>
  gpuPod({
    metadata: { name, annotations: { token: secret } },
    spec: { imagePullSecrets: [{ name: secret }], volumes: [{ name: 'v', secret: { secretName: secret } }] },
    containers: [
      {
        name: 'train',
        command: [secret],
        args: [secret],
        env: [{ name: 'TOKEN', value: secret }],
        resources: { limits: { 'nvidia.com/gpu.shared': '1' }, requests: { 'nvidia.com/gpu.shared': '1' } },
      },
    ],
  });

describe('serve --record', () => {
  test('writes decisions down that replay judges again, without secrets', async () => {
    const records = join(directory, 'records');
    const server = await start('--record', records);
    try {
      for (let index = 0; index < 50; index++) {
        const isNamedWell = index % 2 === 0;
        expect(await create(server.port, isNamedWell ? `job-${index}-train` : 'train')).toBe(isNamedWell);
      }
      expect(await metricsOf(server.opsPort)).not.toMatch(/^gpugate_records_dropped_total\{/m);
    } finally {
      expect(await server.stop()).toBe(0);
    }
    const files = readdirSync(records).map((name) => join(records, name));
    expect(files).toHaveLength(1);
    const [file = ''] = files;
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const log = readFileSync(file, 'utf8');
    expect(log).not.toContain(secret);
    expect(log.split('\n')).toHaveLength(101);

    const same = await runGpugate(['replay', records, '--policies', examplePolicies, '--snapshot', exampleSnapshot]);
    expect(same).toMatchObject({ code: 0, stderr: '' });
    expect(same.stdout).toContain('  100 the same\n');

    const policy = join(directory, 'any-name.yaml');
    const metadata = { name: 'any-name' };
    const kind = { apiVersion: 'gpugate.dev/v1alpha1', kind: 'WorkloadPolicy' };
    writeFileSync(policy, JSON.stringify({ ...kind, metadata, spec: { mps: { threads: 50 } } }));
    const other = await runGpugate(['replay', file, '--policies', policy, '--snapshot', exampleSnapshot]);
    expect(other.code).toBe(1);
    expect(other.stdout).toContain('  25 denied then, allowed now\n');
  });

  test('answers every review when nothing can be written, tells it once and counts', async () => {
    const records = join(directory, 'a-file');
    writeFileSync(records, '');
    const server = await start('--record', records);
    try {
      for (let index = 0; index < 20; index++) {
        expect(await create(server.port, `job-${index}-train`)).toBe(true);
      }
      await expect
        .poll(() => metricsOf(server.opsPort), { timeout: 10_000 })
        .toMatch(/^gpugate_records_dropped_total\{reason="not_written"\} 40$/m);
    } finally {
      expect(await server.stop()).toBe(0);
    }
    const told = () => server.lines.filter((line) => line.includes('decisions cannot be recorded'));
    await expect.poll(told, { timeout: 10_000 }).toHaveLength(1);
  });
});
