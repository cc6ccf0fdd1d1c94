import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { connectControlPlane } from '../controlplane/connect.ts';
import { exampleSnapshot } from '../support/examples.ts';
import { createSnapshotObjects, installGpugate, type GpugateOnCluster } from '../support/gpugate-on-cluster.ts';
import { createTenant, newName, tenantPod } from './tenant.ts';

/** What gpugate writes of pods that carry secrets, at its most talkative. */

const cluster = connectControlPlane(inject('controlPlane'));
const alice = createTenant(cluster);
let gpugate: GpugateOnCluster;
let directory: string;
let snapshot: string;

const secret = 'hunter2-AKIA7EXAMPLE';

beforeAll(async () => {
  await createSnapshotObjects(cluster);
  directory = await mkdtemp(join(tmpdir(), 'gpugate-leaks-'));
  snapshot = join(directory, 'snapshot.yaml');
  await copyFile(exampleSnapshot, snapshot);
  const view = ['--snapshot', snapshot, '--max-staleness', '1s', '--reload-interval', '100ms'];
  gpugate = await installGpugate(cluster, { serveFlags: [...view, '--log-level', 'debug'] });
});
afterAll(async () => {
  await gpugate.uninstall();
  await rm(directory, { recursive: true });
  await cluster.kubectl(['delete', 'pods', '--all', '-n', 'proj-a', '--force', '--grace-period=0']);
});

/** A pod of that name that carries the secret wherever people put one; with a GPU. */
const podWithSecrets = (name: string, visible: string) =>
  tenantPod({
    name,
    metadata: { annotations: { 'example.com/token': secret } },
    container: {
      args: ['--password', secret],
      env: [
        { name: 'AWS_SECRET_ACCESS_KEY', value: secret },
        { name: 'NVIDIA_VISIBLE_DEVICES', value: visible },
      ],
    },
  });

/** Tries until that decision about that pod is in the log; what it refused must not have been for another reason. */
async function decide(decision: string, name: string, visible = 'void'): Promise<void> {
  await vi.waitFor(
    async () => {
      await alice(['create', '--dry-run=server', '-f', '-'], podWithSecrets(name, visible));
      const [replica] = gpugate.replicas;
      const told = replica?.lines.filter((line) => line.includes(`"name":"${name}"`)) ?? [];
      expect(told.filter((line) => line.includes(`"decision":"${decision}"`))).not.toEqual([]);
    },
    { timeout: 30_000, interval: 200 },
  );
}

describe('the log of pods that carry a secret in environment, arguments and annotations', () => {
  test('has each decision, of one that is allowed, denied or undecided, and never the secret', async () => {
    await decide('allow', newName());
    await decide('deny', 'train', secret);
    await writeFile(snapshot, 'kind: Rubbish\n');
    await decide('undecided', newName());
    const [replica] = gpugate.replicas;
    expect(replica?.lines.length).toBeGreaterThan(3);
    expect(replica?.lines.filter((line) => line.includes(secret))).toEqual([]);
    const metrics = await fetch(`http://127.0.0.1:${replica?.opsPort}/metrics`);
    expect(await metrics.text()).not.toContain(secret);
  });
});
