import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { examplePods, examplePolicies } from '../support/examples.ts';
import { runGpugate } from '../support/run-gpugate.ts';

const server = createServer((_, response) => response.writeHead(403).end('{}'));
afterAll(() => server.close());

async function kubeconfigOfIt(): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { path, write } = temporaryDirectory();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  write(
    'kubeconfig',
    `apiVersion: v1
kind: Config
clusters: [{name: a, cluster: {server: "${url}"}}]
users: [{name: a, user: {token: t}}]
contexts: [{name: a, context: {cluster: a, user: a}}]
current-context: a
`,
  );
  return join(path, 'kubeconfig');
}

test('a check by a cluster that refuses to tell its facts could not decide, and has not found violations', async () => {
  const refused = join(examplePods, 'refused.yaml');
  const run = await runGpugate([
    'check',
    refused,
    '--policies',
    examplePolicies,
    '--kubeconfig',
    await kubeconfigOfIt(),
  ]);
  expect(run).toEqual({ code: 3, stdout: '', stderr: expect.stringMatching(/^gpugate: [^\n]+\n$/) });
});
