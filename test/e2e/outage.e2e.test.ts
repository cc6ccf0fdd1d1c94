import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { connectControlPlane } from '../controlplane/connect.ts';
import { exampleSnapshot } from '../support/examples.ts';
import { createSnapshotObjects, installGpugate, type GpugateOnCluster } from '../support/gpugate-on-cluster.ts';
import { createTenant, newName, tenantPod } from './tenant.ts';

const cluster = connectControlPlane(inject('controlPlane'));
const alice = createTenant(cluster);
let gpugate: GpugateOnCluster;
let directory: string;
let snapshot: string;

beforeAll(async () => {
  await createSnapshotObjects(cluster);
  directory = await mkdtemp(join(tmpdir(), 'gpugate-outage-'));
  snapshot = join(directory, 'snapshot.yaml');
  await copyFile(exampleSnapshot, snapshot);
  const serveFlags = ['--snapshot', snapshot, '--max-staleness', '1s', '--reload-interval', '100ms'];
  gpugate = await installGpugate(cluster, { serveFlags });
});
afterAll(async () => {
  await gpugate.uninstall();
  await rm(directory, { recursive: true });
  await cluster.kubectl(['delete', 'pods,deployments', '--all', '-n', 'proj-a', '--force', '--grace-period=0']);
});

const create = (pod: unknown) => alice(['create', '-f', '-'], pod);

describe('while the view is too old to decide on', () => {
  test('a GPU pod is refused with the reason, a pod without GPU is not, and both pass when the view is back', async () => {
    await writeFile(snapshot, 'kind: Rubbish\n');
    await sleep(2000);
    const refused = await create(tenantPod());
    expect(refused.stderr).toMatch(
      /failed calling webhook "gpu\.validate\.gpugate\.dev": .*gpugate could not decide: the view of the cluster is \d+ s old\./,
    );
    expect((await create(tenantPod({ limits: {} }))).stderr).toBe('');
    await copyFile(exampleSnapshot, snapshot);
    await sleep(1000);
    expect((await create(tenantPod())).stderr).toBe('');
  });
});

describe('while gpugate is down', () => {
  let before: string;
  beforeAll(async () => {
    const pod = tenantPod({ limits: {} });
    before = pod.metadata.name ?? '';
    await create(pod);
    await gpugate.stopServing();
  });

  test('a pod that touches no GPU is created, labelled, debugged, listed and deleted', async () => {
    const name = newName();
    const steps: [string, string[], unknown?][] = [
      ['create', ['create', '-f', '-'], tenantPod({ name, limits: { cpu: '1' } })],
      ['apply', ['apply', '-f', '-'], tenantPod({ limits: {} })],
      ['server-side apply', ['apply', '--server-side', '-f', '-'], tenantPod({ limits: {} })],
      [
        'a privileged node agent',
        ['create', '-f', '-'],
        tenantPod({ limits: {}, container: { securityContext: { privileged: true } } }),
      ],
      ['label', ['label', 'pod', '-n', 'proj-a', name, 'team=x']],
      ['annotate what was there before', ['annotate', 'pod', '-n', 'proj-a', before, 'note=x']],
      ['debug', ['debug', '-n', 'proj-a', before, '--image=registry.example/sh:1', '--attach=false']],
      ['get', ['get', 'pods', '-n', 'proj-a']],
      ['delete', ['delete', 'pod', '-n', 'proj-a', name, '--force', '--grace-period=0']],
      ['scale', ['create', 'deployment', newName(), '-n', 'proj-a', '--image=registry.example/x:1']],
    ];
    for (const [step, args, input] of steps) expect(await alice(args, input), step).toMatchObject({ code: 0 });
  });

  test('a pod that asks for a GPU is refused by the failurePolicy', async () => {
    const { code, stderr } = await create(tenantPod());
    expect(code).toBe(1);
    expect(stderr).toContain('failed calling webhook "gpu.validate.gpugate.dev"');
  });

  test('a GPU pod of a system namespace is not even asked about', async () => {
    const pod = tenantPod({ metadata: { namespace: 'kube-system' } });
    expect((await cluster.kubectl(['create', '-f', '-'], { input: JSON.stringify(pod) })).stderr).toBe('');
    await cluster.kubectl([
      'delete',
      'pod',
      '-n',
      'kube-system',
      pod.metadata.name ?? '',
      '--force',
      '--grace-period=0',
    ]);
  });
});
