import { describe, expect, test } from 'vitest';
import { allowed, allowedWith, denied, undecided } from '../../src/admission/decision.ts';
import { readRecord, recordLine } from '../../src/record/record.ts';
import { decodeReview, type AdmissionRequest } from '../../src/review/decode.ts';
import { podFields } from '../../src/workload/object-fields.ts';
import { fullObject } from '../workload/full-object.ts';
import { bytesOf, gpuPod, reviewOf, type ReviewFields } from '../support/reviews.ts';

function requestOf(fields: ReviewFields): AdmissionRequest {
  const decoded = decodeReview(bytesOf(reviewOf(fields)));
  if (!decoded.ok) throw new Error(decoded.bad.message);
  return decoded.request;
}

const secret = 'hunter2';

/** Every place of a pod where people put secrets, and some where nobody should. */
const secretContainer = {
  name: 'train',
  image: `registry.example/${secret}`,
  command: ['sh', '-c', `login ${secret}`],
  args: [`--token=${secret}`],
  workingDir: `/${secret}`,
  env: [
    { name: 'PASSWORD', value: secret },
    { name: 'NVIDIA_DRIVER_CAPABILITIES', value: secret },
    { name: 'CUDA_MPS_PIPE_DIRECTORY', value: secret },
    { name: 'FROM', valueFrom: { secretKeyRef: { name: secret, key: secret } } },
    { name: 'NVIDIA_VISIBLE_DEVICES', value: 'all' },
  ],
  envFrom: [{ secretRef: { name: secret } }],
  lifecycle: { postStart: { exec: { command: [secret] } } },
  livenessProbe: { httpGet: { path: '/', httpHeaders: [{ name: 'Authorization', value: secret }] } },
  volumeMounts: [{ name: secret, mountPath: `/${secret}` }],
  resources: { limits: { 'nvidia.com/gpu.shared': '1' }, claims: [{ name: secret }] },
  securityContext: { privileged: true, seLinuxOptions: { user: secret } },
};
const annotations = {
  'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ secret }),
  'kubernetes.io/config.mirror': secret,
  'mps.nvidia.com/token': secret,
  'mps.nvidia.com/threads': '50',
};
const secretPod = gpuPod({
  metadata: { annotations, managedFields: [{ manager: secret }], finalizers: [secret] },
  containers: [secretContainer],
  spec: {
    initContainers: [secretContainer],
    ephemeralContainers: [secretContainer],
    imagePullSecrets: [{ name: secret }],
    serviceAccountName: secret,
    hostAliases: [{ ip: '127.0.0.1', hostnames: [secret] }],
    tolerations: [{ key: secret }],
    resourceClaims: [{ name: secret, resourceClaimName: secret }],
    volumes: [
      { name: secret, secret: { secretName: secret } },
      { name: 'a', csi: { driver: 'x', volumeAttributes: { password: secret } } },
      { name: 'gpu', hostPath: { path: '/dev/nvidia0' } },
      { name: 'b', projected: { sources: [{ configMap: { name: secret } }] } },
    ],
  },
});
const userInfo = { username: 'alice', uid: secret, groups: ['tenants'], extra: { token: [secret] } };

const lineOf = (request: AdmissionRequest, outcome = allowed()) =>
  recordLine({ webhook: 'gpu.validate', timeMs: 0, request, outcome });

/** Each value that is not an object, with its path; of a list, what the first item holds. */
function leavesOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [`${path}: ${String(value)}`];
  const entries = Object.entries(Array.isArray(value) ? { '[]': value[0] as unknown } : value);
  if (entries.length === 0) return [`${path}: {}`];
  return entries.flatMap(([key, held]) => leavesOf(held, path === '' ? key : `${path}.${key}`.replace('.[]', '[]')));
}

describe('a record', () => {
  const fields = { object: secretPod, oldObject: secretPod, operation: 'UPDATE', userInfo } as const;

  test('holds no secret of a pod', () => {
    const text = lineOf(requestOf(fields));
    expect(text).not.toContain(secret);
    // That there is something in it at all.
    expect(text).toContain('"/dev/nvidia0"');
    expect(text).toContain('{"name":"NVIDIA_VISIBLE_DEVICES","value":"all"}');
    expect(text).toContain('{"name":"PASSWORD"}');
    expect(text).toContain('"groups":["tenants"]');
  });

  const containerFields = [
    'name: name',
    'resources.limits.nvidia.com/gpu: 2',
    'resources.requests.nvidia.com/gpu: 2',
    'securityContext.capabilities.add[]: add',
    'securityContext.privileged: true',
    'restartPolicy: Always',
    'env[].name: name',
    'env[].valueFrom: {}',
  ];

  test('holds these fields of a pod and no others: a field that may hold a secret must not be added here', () => {
    const object = fullObject(podFields);
    const { request } = JSON.parse(lineOf(requestOf({ object }))) as { request: { object: unknown } };
    expect(leavesOf(request.object)).toEqual([
      'metadata.name: name',
      'metadata.generateName: generateName',
      'metadata.namespace: namespace',
      'metadata.uid: uid',
      'metadata.labels.team: blue',
      'metadata.ownerReferences[].kind: kind',
      'metadata.ownerReferences[].name: name',
      'metadata.ownerReferences[].controller: true',
      'metadata.annotations: {}',
      'spec.volumes[].hostPath.path: path',
      'spec.nodeSelector.nodeSelector: x',
      'spec.nodeName: nodeName',
      'spec.hostPID: true',
      'spec.runtimeClassName: runtimeClassName',
      'spec.overhead.nvidia.com/gpu: 2',
      'spec.resourceClaims[]: {}',
      'spec.resources.limits.nvidia.com/gpu: 2',
      'spec.resources.requests.nvidia.com/gpu: 2',
      ...['containers', 'initContainers', 'ephemeralContainers'].flatMap((field) =>
        containerFields.map((path) => `spec.${field}[].${path}`),
      ),
    ]);
  });

  test('holds no secret of what userInfo says besides', () => {
    const whole = requestOf(fields);
    const user = { ...whole.user, extra: { token: [secret] } };
    expect(lineOf({ ...whole, user })).not.toContain(secret);
  });

  test('holds of another kind only its metadata', () => {
    const object = {
      kind: 'Secret',
      metadata: { name: 'job-1-key', namespace: 'proj-a', labels: { team: 'a' }, annotations },
      data: { password: secret },
      stringData: { password: secret },
    };
    const kind = { group: '', version: 'v1', kind: 'Secret' };
    const text = lineOf(requestOf({ kind, object, oldObject: object, operation: 'UPDATE' }));
    expect(text).not.toContain(secret);
    expect(text).toContain('"labels":{"team":"a"}');
  });

  test.each(['DELETE', 'CONNECT'] as const)('holds nothing of what is not judged: %s', (operation) => {
    expect(lineOf(requestOf({ operation, object: secretPod, oldObject: secretPod }))).toContain(
      '"object":null,"oldObject":null',
    );
  });

  test('holds no value of the environment that a patch carries beyond those that are judged', () => {
    const patch = [
      { op: 'add', path: '/spec/containers/0/env', value: [{ name: 'PASSWORD', value: secret }, secret] },
      { op: 'replace', path: '/spec/containers/0/env/0', value: { name: 'PASSWORD', value: secret, more: secret } },
      { op: 'add', path: '/spec/containers/0/env/-', value: { name: 'NVIDIA_VISIBLE_DEVICES', value: 'void' } },
      { op: 'add', path: '/metadata/labels/env', value: 'prod' },
    ] as const;
    const text = lineOf(requestOf({}), allowedWith({ patch }));
    expect(text).not.toContain(secret);
    expect(text).toContain('{"name":"NVIDIA_VISIBLE_DEVICES","value":"void"}');
    expect(text).toContain('{"op":"add","path":"/metadata/labels/env","value":"prod"}');
  });

  test('says the whole answer', () => {
    const violation = { rule: 'gpu-mixed', path: 'spec', reason: 'No.', advice: 'Stop.', source: 'policy platform' };
    const finding = { rule: 'gpu-mixed', policy: 'platform', enforcement: 'Deny', violation } as const;
    const findings = [finding, finding];
    const outcome = denied([violation], ['careful'], { findings, policies: ['platform'], charges: ['q a=1'] });
    const read = readRecord(lineOf(requestOf({}), outcome));
    expect(read).toMatchObject({
      record: {
        time: '1970-01-01T00:00:00.000Z',
        webhook: 'gpu.validate',
        answer: {
          decision: 'deny',
          message: '[gpu-mixed] spec: No. Stop. (policy platform)\n 1 reason; gpugate refused pod proj-a/job-7-train.',
          warnings: ['careful'],
          findings: [{ rule: 'gpu-mixed', policy: 'platform', enforcement: 'Deny' }],
          policies: ['platform'],
          charges: ['q a=1'],
        },
      },
    });
    expect(readRecord(lineOf(requestOf({}), undecided('the view is old.')))).toMatchObject({
      record: { answer: { decision: 'undecided', message: 'the view is old.', warnings: [] } },
    });
  });

  test('is one line, whatever a stranger writes', () => {
    const name = 'a\nb\r\u2028c';
    const text = lineOf(requestOf({ name, object: gpuPod({ metadata: { name } }) }));
    expect(text.split('\n')).toHaveLength(2);
    expect(readRecord(text)).toMatchObject({ record: { request: { name } } });
  });
});

describe('a line that is no record', () => {
  const good = JSON.parse(lineOf(requestOf({}))) as Record<string, unknown>;
  const table: Readonly<Record<string, [text: string, problem: RegExp]>> = {
    'of a later version': [
      JSON.stringify({ ...good, version: 2 }),
      /^is a record of version 2; this gpugate reads version 1$/,
    ],
    'cut off': [JSON.stringify(good).slice(0, 100), /^is not JSON: /],
    'of another webhook': [JSON.stringify({ ...good, webhook: 'x' }), /^is no record of a decision: webhook: /],
    'of the log': ['{"level":"info","msg":"request"}', /^is no record of a decision: version: /],
    'without a request': [
      JSON.stringify({ ...good, request: {} }),
      /^is no record of a decision: request is not an AdmissionRequest$/,
    ],
    'of no object': ['null', /^is no record of a decision: /],
  };
  test.each(Object.entries(table))('%s', (_, [text, problem]) => {
    const read = readRecord(text);
    expect('problem' in read ? read.problem : '').toMatch(problem);
  });
});
