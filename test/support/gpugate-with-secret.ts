import { kindsOf, webhookConfigurations } from '../../src/cli/manifests/webhook-configurations.ts';
import { loadPolicies } from '../../src/cli/input/load-rules.ts';
import type { ControlPlaneConnection } from '../controlplane/connect.ts';
import { startEndpoints } from './endpoints.ts';
import { examplePolicies } from './examples.ts';
import { apply } from './gpugate-on-cluster.ts';
import { outputOf } from './run-gpugate.ts';
import { startServe, type ServeProcess } from './serve-process.ts';

/** gpugate as a cluster would run it: replicas that start together, certificates in a Secret, empty caBundles. */
export type GpugateWithSecret = {
  readonly replicas: readonly ServeProcess[];
  /** As a Deployment does: each new one is Ready before an old one gets its SIGTERM. Resolves when those have ended. */
  rollOver(): Promise<void>;
  uninstall(): Promise<void>;
};

export type SecretInstallOptions = {
  readonly namespace: string;
  readonly replicas: number;
  readonly serveFlags?: readonly string[];
};

export async function installWithSecret(
  cluster: ControlPlaneConnection,
  { namespace, replicas: count, serveFlags = [] }: SecretInstallOptions,
): Promise<GpugateWithSecret> {
  await apply(cluster, await outputOf(['manifests', 'crds']));
  await cluster.kubectl(['wait', '--for=condition=Established', 'crd', '-l', 'app.kubernetes.io/part-of=gpugate']);
  await cluster.kubectl(['apply', '-f', examplePolicies]);
  await apply(cluster, JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }));
  const place = ['--namespace', namespace, '--certificate-secret', 'gpugate-certificates'];
  const flags = ['--kubeconfig', cluster.kubeconfig, ...place, ...serveFlags];
  const replicas = await Promise.all(Array.from({ length: count }, () => startServe(flags)));
  const endpoints = await startEndpoints();
  for (const replica of replicas) endpoints.add(replica);
  await Promise.all(replicas.map((replica) => endpoints.untilIncluded(replica)));
  const registration = JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: webhookConfigurations({
      client: { url: `https://127.0.0.1:${endpoints.port}` },
      kinds: kindsOf(await loadPolicies([examplePolicies])),
      namespace,
      podsFailurePolicy: 'Ignore',
    }),
  });
  await apply(cluster, registration);
  return {
    replicas,
    rollOver: async () => {
      const ending: Promise<number | null>[] = [];
      for (const [i, old] of replicas.entries()) {
        const next = await startServe(flags);
        endpoints.add(next);
        replicas[i] = next;
        ending.push(old.stop());
      }
      const failed = (await Promise.all(ending)).filter((code) => code !== 0);
      if (failed.length > 0) throw new Error(`replicas ended with ${failed.join(', ')}`);
    },
    uninstall: async () => {
      await cluster.kubectl(['delete', '-f', '-', '--ignore-not-found'], { input: registration });
      await cluster.kubectl(['delete', '-f', examplePolicies, '--ignore-not-found']);
      await Promise.all(replicas.map((replica) => replica.stop()));
      await endpoints.close();
      await cluster.kubectl(['delete', 'secret', 'gpugate-certificates', '-n', namespace, '--ignore-not-found']);
    },
  };
}
