import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { json } from 'node:stream/consumers';
import type { ControlPlaneConnection } from '../controlplane/connect.ts';
import { apply } from './gpugate-on-cluster.ts';

/** Pods that carry it are refused. */
export const refusedLabel = 'refuse';
export const refusal = 'not by this webhook';

export type DenyingWebhook = { readonly stop: () => Promise<void> };

/**
 * A validating webhook of somebody else. The API server asks all of them at once, and shows the first denial: this one
 * answers nothing until gpugate must have answered, so that it is the one that refuses what gpugate admits.
 */
export async function startDenyingWebhook(
  cluster: ControlPlaneConnection,
  { namespace, untilOthersAnswered }: { namespace: string; untilOthersAnswered: (name: string) => Promise<void> },
): Promise<DenyingWebhook> {
  // What the API server shows its clients is good for any server on 127.0.0.1.
  const cert = readFileSync(cluster.caFile);
  const key = readFileSync(join(dirname(cluster.caFile), 'apiserver.key'));
  const server = createServer({ cert, key }, (request, response) => {
    void (async () => {
      const { uid, name } = ((await json(request)) as { request: { uid: string; name: string } }).request;
      await untilOthersAnswered(name);
      const answer = { uid, allowed: false, status: { code: 403, message: refusal } };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const metadata = { name: 'somebody-else' };
  const registration = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata,
    webhooks: [
      {
        name: 'pods.example.com',
        clientConfig: {
          url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`,
          caBundle: cert.toString('base64'),
        },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        objectSelector: { matchLabels: { [refusedLabel]: 'yes' } },
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        timeoutSeconds: 10,
      },
    ],
  };
  await apply(cluster, JSON.stringify(registration));
  return {
    stop: async () => {
      await cluster.kubectl(['delete', 'validatingwebhookconfiguration', metadata.name]);
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
