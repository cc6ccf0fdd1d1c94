import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import express from 'express';
import jsonPatch from 'fast-json-patch';
import { z } from 'zod';

/**
 * A webhook as most people write it: express, JSON.parse, a zod schema of the pod, a changed copy, and fast-json-patch for
 * the difference. It has one policy and makes the pod that gpugate makes under the example policies, but keeps neither log
 * nor metrics nor a view of the cluster. Arguments: certificate, key. Prints its port in the form of `gpugate serve`.
 */
const [, , cert = '', key = ''] = process.argv;

const amounts = z.record(z.string(), z.union([z.string(), z.number()])).optional();
const variable = z.looseObject({ name: z.string(), value: z.string().optional() });
const container = z.looseObject({
  name: z.string(),
  env: z.array(variable).optional(),
  resources: z.looseObject({ requests: amounts, limits: amounts }).optional(),
});
const pod = z.looseObject({
  metadata: z.looseObject({
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.looseObject({ containers: z.array(container).min(1), initContainers: z.array(container).optional() }),
});
const review = z.looseObject({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  request: z.looseObject({
    uid: z.string(),
    operation: z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']),
    namespace: z.string(),
    userInfo: z.looseObject({ username: z.string(), groups: z.array(z.string()).optional() }),
    object: pod,
  }),
});

type Pod = z.output<typeof pod>;

const shared = 'nvidia.com/gpu.shared';
const defaults = { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '1', memory: '1Gi' } };

function mutate({ metadata, spec }: Pod): void {
  metadata.labels = {
    'app.kubernetes.io/managed-by': 'platform',
    'project-id': 'a',
    'gpugate.dev/gpu-mode': 'shared',
    ...metadata.labels,
  };
  metadata.annotations = { 'mps.nvidia.com/threads': '50', 'mps.nvidia.com/vram': '8000M', ...metadata.annotations };
  for (const one of spec.containers) {
    const { requests, limits } = one.resources ?? {};
    one.resources = {
      requests: { ...defaults.requests, ...requests },
      limits: { ...defaults.limits, ...limits },
    };
    if (limits?.[shared] === undefined) continue;
    const named = [
      { name: 'CUDA_MPS_ACTIVE_THREAD_PERCENTAGE', value: '50' },
      { name: 'CUDA_MPS_PINNED_DEVICE_MEM_LIMIT', value: '0=8000M' },
    ];
    one.env = [...(one.env ?? []), ...named];
  }
}

const app = express();
app.use(express.json({ limit: '7mb' }));
app.post('/', (request, response) => {
  const { uid, object } = review.parse(request.body).request;
  const changed = jsonPatch.deepClone(object) as Pod;
  mutate(changed);
  const patch = Buffer.from(JSON.stringify(jsonPatch.compare(object, changed))).toString('base64');
  response.json({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid, allowed: true, patchType: 'JSONPatch', patch },
  });
});

const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, app);
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ msg: 'serving', port: (server.address() as AddressInfo).port })}\n`);
});
