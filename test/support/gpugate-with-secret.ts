import type { ControlPlaneConnection } from '../controlplane/connect.ts';
import { kindsOf, webhookConfigurations } from '../../src/cli/manifests/webhook-configurations.ts';
import { loadPolicies } from '../../src/cli/load-policies.ts';
import { examplePolicies } from './examples.ts';
import { apply } from './gpugate-on-cluster.ts';
import { outputOf } from './run-gpugate.ts';
import { startServe, type ServeProcess } from './serve-process.ts';
import { startTcpBalancer } from './tcp-balancer.ts';

/** gpugate as a cluster would run it: replicas that start together, certificates in a Secret, empty caBundles. */
export type GpugateWithSecret = {
  readonly replicas: readonly ServeProcess[];
  uninstall(): Promise<void>;
};

export async function installWithSecret(
  cluster: ControlPlaneConnection,
  { namespace, replicas: count }: { readonly namespace: string; readonly replicas: number },
): Promise<GpugateWithSecret> {
  await apply(cluster, await outputOf(['manifests', 'crds']));
  await cluster.kubectl(['wait', '--for=condition=Established', 'crd', '-l', 'app.kubernetes.io/part-of=gpugate']);
  await cluster.kubectl(['apply', '-f', examplePolicies]);
  await apply(cluster, JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }));
  const place = ['--namespace', namespace, '--certificate-secret', 'gpugate-certificates'];
  const flags = ['--kubeconfig', cluster.kubeconfig, ...place, '--drain-spread', '0s'];
  const replicas = await Promise.all(Array.from({ length: count }, () => startServe(flags)));
  const balancer = await startTcpBalancer(replicas.map(({ port }) => port));
  const registration = JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: webhookConfigurations({
      client: { url: `https://127.0.0.1:${balancer.port}` },
      kinds: kindsOf(await loadPolicies([examplePolicies])),
      namespace,
      podsFailurePolicy: 'Ignore',
    }),
  });
  await apply(cluster, registration);
  return {
    replicas,
    uninstall: async () => {
      await cluster.kubectl(['delete', '-f', '-', '--ignore-not-found'], { input: registration });
      await cluster.kubectl(['delete', '-f', examplePolicies, '--ignore-not-found']);
      await Promise.all(replicas.map((replica) => replica.stop()));
      await balancer.close();
      await cluster.kubectl(['delete', 'secret', 'gpugate-certificates', '-n', namespace, '--ignore-not-found']);
    },
  };
}
