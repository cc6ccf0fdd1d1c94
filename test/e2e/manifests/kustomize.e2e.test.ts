import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import type { InstallSettings } from '../../../src/cli/manifests/install-settings.ts';
import { goModuleFolder } from '../../admin-tools/run.ts';
import { startControlPlane, type ControlPlane } from '../../controlplane/start.ts';
import { additions, defaults, overlaySettings } from '../../generate/manifests/settings.ts';
import { objectsIn, wanted } from './objects.ts';

/** The CRDs that our objects of others' groups are judged by: their projects' own. */
const foreignCrds = {
  'github.com/prometheus-operator/prometheus-operator@v0.85.0/example/prometheus-operator-crd': [
    'monitoring.coreos.com_servicemonitors.yaml',
    'monitoring.coreos.com_prometheusrules.yaml',
  ],
  'github.com/cert-manager/cert-manager@v1.21.2/deploy/crds': [
    'cert-manager.io_issuers.yaml',
    'cert-manager.io_certificates.yaml',
  ],
} as const;

const manifests = join(import.meta.dirname, '../../../manifests');
const overlays = Object.keys(overlaySettings);
const patience = { timeout: 60_000, interval: 200 };

/** One of its own: what is installed here must not judge the pods of other tests. */
let cluster: ControlPlane;
let directory: string;
/** Folders with a kustomization, and what they stand for. */
const folders: [string, InstallSettings][] = Object.entries(overlaySettings).map(([name, settings]) => [
  join(manifests, 'overlays', name),
  settings,
]);

async function kubectl(args: string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await cluster.kubectl(args, input === undefined ? {} : { input });
  // A warning is a fault too, such as that of the Pod Security admission.
  expect({ code, stderr }, args.join(' ')).toEqual({ code: 0, stderr: '' });
  return stdout;
}

/** An overlay of a user: one of ours with a component. */
async function overlayWith(
  component: (typeof additions)[number],
  overlay: keyof typeof overlaySettings = 'self-managed',
): Promise<string> {
  const folder = join(directory, overlay === 'self-managed' ? component : `${overlay}-${component}`);
  await mkdir(folder);
  const of = (...path: string[]) => relative(folder, join(manifests, ...path));
  const kustomization = { resources: [of('overlays', overlay)], components: [of('components', component)] };
  await writeFile(join(folder, 'kustomization.yaml'), stringify(kustomization));
  return folder;
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gpugate-kustomize-'));
  for (const name of additions) folders.push([await overlayWith(name), { ...defaults, [name]: true }]);
  // Of which one alert counts the replicas.
  const monitored = { ...overlaySettings['high-availability'], monitoring: true };
  folders.push([await overlayWith('monitoring', 'high-availability'), monitored]);
  cluster = await startControlPlane({ scheduler: false });
  for (const [path, files] of Object.entries(foreignCrds)) {
    const [, module = '', inside = ''] = /^([^@]+@[^/]+)\/(.+)$/.exec(path) ?? [];
    const folder = await goModuleFolder(module);
    // Too large for the annotation of a client-side apply.
    for (const file of files) await kubectl(['apply', '--server-side', '-f', join(folder, inside, file)]);
  }
  await kubectl(['wait', '--for=condition=Established', 'crd', '--all']);
});
afterAll(async () => {
  await cluster.stop();
  await rm(directory, { recursive: true });
});

type Listed<T> = { items: T[] };
type Pod = { metadata: { labels: Record<string, string> }; spec: Record<string, unknown> };
async function itemsOf<T>(...args: string[]): Promise<T[]> {
  return (JSON.parse(await kubectl(['get', ...args, '-o', 'json'])) as Listed<T>).items;
}

const configurations = 'validatingwebhookconfigurations,mutatingwebhookconfigurations';
type Configuration = { metadata: { name: string }; webhooks: { name: string; clientConfig: { caBundle?: string } }[] };
const bundles = async () =>
  (await itemsOf<Configuration>(configurations)).flatMap(({ webhooks }) =>
    webhooks.map((one) => one.clientConfig.caBundle),
  );

describe('kubectl kustomize', () => {
  test('makes of every overlay, and of each component, the objects of the source', async () => {
    expect(folders.map(([folder]) => relative(manifests, folder)).slice(0, overlays.length)).toEqual(
      overlays.map((o) => `overlays/${o}`),
    );
    for (const [folder, settings] of folders) {
      expect(objectsIn(await kubectl(['kustomize', folder])), folder).toEqual(wanted(settings));
    }
  });
});

describe('the API server', () => {
  test('takes each object of every overlay without a warning, first as a dry run, then for real', async () => {
    for (const [folder, settings] of folders) {
      const count = Object.keys(wanted(settings)).length;
      // What a dry run makes is not there for the next object: the namespace, and the CRDs, must be.
      await kubectl(['apply', '-f', '-'], stringify(wanted(settings)['v1 Namespace  gpugate-system']));
      await kubectl(['apply', '-k', join(manifests, 'crds')]);
      const tried = await kubectl(['apply', '-k', folder, '--dry-run=server', '--validate=strict']);
      expect(tried.trim().split('\n'), folder).toHaveLength(count);
      expect(tried.match(/\(server dry run\)$/gm), folder).toHaveLength(count);
      const first = ['-l', 'app.kubernetes.io/component notin (registration,doctor)', '--dry-run=server'];
      const beforeWebhooks = await kubectl(['apply', '-k', folder, ...first]);
      expect(beforeWebhooks.trim().split('\n'), folder).toHaveLength(count - 2 - (settings.doctor ? 1 : 0));
      expect(beforeWebhooks).not.toMatch(/webhookconfiguration|^job/m);
      const applied = await kubectl(['apply', '-k', folder]);
      expect(applied.match(/ (created|configured|unchanged)$/gm), folder).toHaveLength(count);
    }
  });

  test('lets the pods of the Deployment in, under the Pod Security level of the namespace', async () => {
    // Without a kubelet no pod is ever ready, so that a rolling update would stay half-way.
    await kubectl(['delete', 'deployment', 'gpugate', '-n', defaults.namespace]);
    await kubectl(['apply', '-k', join(manifests, 'overlays/high-availability')]);
    await vi.waitFor(async () => {
      const pods = await itemsOf<Pod>('pods', '-n', defaults.namespace);
      expect(pods.filter(({ spec }) => spec['priorityClassName'] === 'system-cluster-critical')).toHaveLength(3);
    }, patience);
    const refused = await cluster.kubectl(['run', 'root', '--image=none', '-n', defaults.namespace, '--privileged']);
    expect(refused.stderr).toContain('violates PodSecurity "restricted:latest"');
  });

  test("lets the pod of the doctor's Job in as well", async () => {
    await vi.waitFor(async () => {
      const pods = await itemsOf<Pod>('pods', '-n', defaults.namespace, '-l', 'app.kubernetes.io/component=doctor');
      expect(pods.map(({ spec }) => spec['serviceAccountName'])).toEqual(['gpugate-doctor']);
    }, patience);
  });

  test('keeps the caBundle that the leader wrote when the manifests are applied again', async () => {
    const overlay = join(manifests, 'overlays/self-managed');
    await kubectl(['apply', '-k', overlay]);
    expect(await bundles()).toEqual([undefined, undefined, undefined]);
    const caBundle = Buffer.from('-----BEGIN CERTIFICATE-----').toString('base64');
    for (const { metadata, webhooks } of await itemsOf<Configuration>(configurations)) {
      const patch = webhooks.map((_, index) => ({
        op: 'add',
        path: `/webhooks/${index}/clientConfig/caBundle`,
        value: caBundle,
      }));
      const kind = webhooks.length === 1 ? 'mutatingwebhookconfiguration' : 'validatingwebhookconfiguration';
      await cluster.kubectl(['patch', kind, metadata.name, '--type=json', '-p', JSON.stringify(patch)]);
    }
    const written = await bundles();
    await kubectl(['apply', '-k', overlay]);
    expect(await bundles()).toEqual(written);
  });

  test('has no webhook left after the emergency stop, and nothing of ours after the uninstall', async () => {
    await kubectl(['delete', configurations, 'gpugate']);
    expect(await itemsOf(configurations)).toEqual([]);
    // What an admin deletes is the kustomization with everything in it that was ever applied.
    await kubectl(['delete', '-k', join(directory, 'doctor'), '--ignore-not-found', '--wait=false']);
    await vi.waitFor(async () => {
      const left = await itemsOf<{ kind: string }>(
        'namespaces,crds,clusterroles,clusterrolebindings',
        '-l',
        'app.kubernetes.io/part-of=gpugate',
      );
      expect(left.map(({ kind }) => kind)).toEqual([]);
    }, patience);
  });
});
