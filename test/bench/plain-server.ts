import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import express from 'express';
import jsonPatch from 'fast-json-patch';
import { z } from 'zod';

/**
 * A webhook as a competent team writes it in an afternoon: express, JSON.parse, a zod schema of what it reads of the pod, a
 * changed copy, and fast-json-patch for the difference. It makes the pod that gpugate makes under the example policies,
 * but has neither policies nor a log, metrics or a view of the cluster. Arguments: certificate, key. Prints its port in
 * the form of `gpugate serve`.
 */
const [, , cert = '', key = ''] = process.argv;

const amounts = z.record(z.string(), z.union([z.string(), z.number()])).optional();
const strings = z.record(z.string(), z.string()).optional();
const container = z.object({
  name: z.string(),
  env: z.array(z.object({ name: z.string(), value: z.string().optional() })).optional(),
  resources: z.object({ requests: amounts, limits: amounts }).optional(),
});
const pod = z.object({
  metadata: z.object({ labels: strings, annotations: strings }),
  spec: z.object({ containers: z.array(container).min(1), initContainers: z.array(container).optional() }),
});
const review = z.object({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  request: z.object({
    uid: z.string(),
    operation: z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']),
    namespace: z.string(),
    userInfo: z.object({ username: z.string(), groups: z.array(z.string()).optional() }),
    object: pod,
  }),
});

type Review = z.output<typeof review>;
type Pod = z.output<typeof pod>;
type Container = z.output<typeof container>;

const shared = 'nvidia.com/gpu.shared';
const defaults = { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '1', memory: '1Gi' } };
const labels = { 'app.kubernetes.io/managed-by': 'platform', 'project-id': 'a', 'gpugate.dev/gpu-mode': 'shared' };
const annotations = { 'mps.nvidia.com/threads': '50', 'mps.nvidia.com/vram': '8000M' };
const environment = [
  { name: 'CUDA_MPS_ACTIVE_THREAD_PERCENTAGE', value: '50' },
  { name: 'CUDA_MPS_PINNED_DEVICE_MEM_LIMIT', value: '0=8000M' },
];

/** What stays is shared with the original, so that fast-json-patch need not look into it. */
function changed({ metadata, spec, ...rest }: Pod): Pod {
  return {
    ...rest,
    metadata: {
      ...metadata,
      labels: { ...labels, ...metadata.labels },
      annotations: { ...annotations, ...metadata.annotations },
    },
    spec: { ...spec, containers: spec.containers.map(changedContainer) },
  };
}

function changedContainer(container: Container): Container {
  const { requests, limits } = container.resources ?? {};
  const resources = {
    requests: { ...defaults.requests, ...requests },
    limits: { ...defaults.limits, ...limits },
  };
  if (limits?.[shared] === undefined) return { ...container, resources };
  return { ...container, resources, env: [...(container.env ?? []), ...environment] };
}

const app = express();
app.use(express.json({ limit: '7mb' }));
app.post('/', (request, response) => {
  const body: unknown = request.body;
  review.parse(body);
  // Not what zod returns: that lacks the fields that the schema does not name.
  const { uid, object } = (body as Review).request;
  const patch = Buffer.from(JSON.stringify(jsonPatch.compare(object, changed(object)))).toString('base64');
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
