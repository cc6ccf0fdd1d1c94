import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { ControlPlaneConnection } from '../controlplane/connect.ts';
import { createNode } from '../controlplane/create-node.ts';
import { examplePolicies, exampleSnapshot } from './examples.ts';
import { outputOf } from './run-gpugate.ts';
import { startServe, type ServeProcess } from './serve-process.ts';
import { startTcpBalancer, type TcpBalancer } from './tcp-balancer.ts';

/** gpugate outside of the cluster, registered by URL: what the playground and the end-to-end tests run. */
export type GpugateOnCluster = {
  readonly replicas: readonly ServeProcess[];
  readonly balancer: TcpBalancer;
  readonly certs: string;
  /** Starts others in the place of those that were killed. */
  restartDead(): Promise<void>;
  /** Drains every replica; the registrations stay, as they would if gpugate were down. */
  stopServing(): Promise<void>;
  /** Puts the registrations back as they were made. */
  register(): Promise<void>;
  /** Takes the registrations away and ends every process. */
  uninstall(): Promise<void>;
};

export type InstallOptions = {
  readonly replicas?: number;
  /** File or directory of policies, applied to the cluster. */
  readonly policies?: string;
  readonly serveFlags?: readonly string[];
  /** Of one replica, in addition to ours. */
  readonly environment?: (replica: number) => Readonly<Record<string, string>>;
  /** For tests of what is decided and not of how soon, so that a slow machine fails none of them. As shipped when absent. */
  readonly webhookTimeoutSeconds?: number;
};

export async function installGpugate(
  cluster: ControlPlaneConnection,
  options: InstallOptions = {},
): Promise<GpugateOnCluster> {
  const {
    replicas: count = 1,
    policies = examplePolicies,
    serveFlags = [],
    environment,
    webhookTimeoutSeconds,
  } = options;
  await apply(cluster, await outputOf(['manifests', 'crds']));
  await expectSuccess(cluster, [
    'wait',
    '--for=condition=Established',
    'crd',
    '-l',
    'app.kubernetes.io/part-of=gpugate',
  ]);
  await expectSuccess(cluster, ['apply', '-f', policies]);
  const certs = await mkdtemp(join(tmpdir(), 'gpugate-certs-'));
  const flags = ['--kubeconfig', cluster.kubeconfig, '--certs', certs, '--drain-spread', '0s', ...serveFlags];
  const replicas: ServeProcess[] = [];
  // One after the other: the first issues the certificates that all of them share.
  for (let i = 0; i < count; i++) replicas.push(await startServe(flags, environment?.(i)));
  const balancer = await startTcpBalancer(replicas.map(({ port }) => port));
  const url = `https://127.0.0.1:${balancer.port}`;
  const shipped = await outputOf([
    'manifests',
    'webhooks',
    '--url',
    url,
    '--ca',
    join(certs, 'ca.crt'),
    '--policies',
    policies,
  ]);
  const registration =
    webhookTimeoutSeconds === undefined
      ? shipped
      : shipped.replaceAll(/^( *timeoutSeconds:) \d+$/gm, `$1 ${webhookTimeoutSeconds}`);
  await apply(cluster, registration);

  const restartDead = async () => {
    for (const [i, replica] of replicas.entries()) {
      if (replica.hasExited()) replicas[i] = await startServe(flags, environment?.(i));
    }
    balancer.setTargets(replicas.map(({ port }) => port));
  };
  const stopServing = async () => {
    await Promise.all(replicas.filter((replica) => !replica.hasExited()).map((replica) => replica.stop()));
  };
  return {
    replicas,
    balancer,
    certs,
    restartDead,
    stopServing,
    register: () => apply(cluster, registration),
    uninstall: async () => {
      await cluster.kubectl(['delete', '-f', '-', '--ignore-not-found'], { input: registration });
      await cluster.kubectl(['delete', '-f', policies, '--ignore-not-found']);
      await stopServing();
      await balancer.close();
      await rm(certs, { recursive: true });
    },
  };
}

async function expectSuccess(cluster: ControlPlaneConnection, args: string[]): Promise<void> {
  const { code, stderr } = await cluster.kubectl(args);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
}

/** Applies YAML as admin; throws with what kubectl says. */
export async function apply(cluster: ControlPlaneConnection, input: string): Promise<void> {
  const { code, stderr } = await cluster.kubectl(['apply', '-f', '-'], { input });
  if (code !== 0) throw new Error(`kubectl apply: ${stderr}`);
}

type Snapshot = {
  namespaces: { name: string; labels?: Record<string, string> }[];
  nodes: { name: string; labels?: Record<string, string>; allocatable?: Record<string, string> }[];
};

const rbac = 'rbac.authorization.k8s.io';

/** Tenants may edit what is namespaced, debug and resize, as they would in a cluster of a platform team. */
const tenants = ['edit', 'tenants-pods'].map((role) => ({
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name: `tenants-${role}` },
  roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
  subjects: [{ kind: 'Group', apiGroup: rbac, name: 'tenants' }],
}));
const tenantsPods = {
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRole',
  metadata: { name: 'tenants-pods' },
  rules: [
    { apiGroups: [''], resources: ['pods/ephemeralcontainers', 'pods/resize'], verbs: ['get', 'patch', 'update'] },
  ],
};

/** Makes the cluster look like a snapshot file: its namespaces and nodes, and a group `tenants` that may edit. */
export async function createSnapshotObjects(cluster: ControlPlaneConnection, file = exampleSnapshot): Promise<void> {
  const { namespaces, nodes } = parse(await readFile(file, 'utf8')) as Snapshot;
  for (const { name, labels } of namespaces) {
    const metadata = { name, labels };
    const { status } = await cluster.request('POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata,
    });
    if (status !== 201 && status !== 409) throw new Error(`namespace ${name}: ${status}`);
  }
  await apply(cluster, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [tenantsPods, ...tenants] }));
  for (const { name, labels = {}, allocatable = {} } of nodes) {
    const { status } = await cluster.request('GET', `/api/v1/nodes/${name}`);
    if (status === 404) await createNode(cluster, { name, labels, capacity: allocatable });
  }
}
