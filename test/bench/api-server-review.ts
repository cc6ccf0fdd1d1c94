import { reviewOf } from '../support/reviews.ts';

/**
 * A review of 5.8 KB as kube-apiserver sends it for a pod of a Job with one shared GPU: defaults filled in, a service
 * account token mounted, a quarter of it managed fields. `validate` is the same pod after gpugate's own mutations.
 */
export function apiServerReview(phase: 'mutate' | 'validate'): object {
  const mutated = phase === 'validate';
  const metadata = {
    name: mutated ? 'job-7-train-x2x9q' : undefined,
    generateName: 'job-7-train-',
    namespace: 'proj-a',
    ...(mutated ? { uid: '0d3a2f8e-98a5-4a3c-9f0e-5f6f6d1f3a11' } : {}),
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: {
      'app.kubernetes.io/name': 'train',
      'app.kubernetes.io/component': 'worker',
      'batch.kubernetes.io/controller-uid': '5c1b7a52-2f1a-4f6e-8f6c-0f0d3a3a9c11',
      'batch.kubernetes.io/job-name': 'job-7-train',
      'group-id': 'g1',
      ...(mutated
        ? { 'app.kubernetes.io/managed-by': 'platform', 'project-id': 'a', 'gpugate.dev/gpu-mode': 'shared' }
        : {}),
    },
    annotations: {
      'kubernetes.io/description':
        'Fine-tuning run of the language group, restarted from the checkpoint of step 12000.',
      ...(mutated ? { 'mps.nvidia.com/threads': '50', 'mps.nvidia.com/vram': '8000M' } : {}),
    },
    ownerReferences: [
      {
        apiVersion: 'batch/v1',
        kind: 'Job',
        name: 'job-7-train',
        uid: '5c1b7a52-2f1a-4f6e-8f6c-0f0d3a3a9c11',
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
    finalizers: ['batch.kubernetes.io/job-tracking'],
    managedFields: [managedFields()],
  };
  const resources = (gpu: boolean) => ({
    limits: {
      ...(gpu ? { 'nvidia.com/gpu.shared': '1', memory: '16Gi', cpu: '8' } : {}),
      ...(mutated && !gpu ? { cpu: '1', memory: '1Gi' } : {}),
    },
    requests: {
      ...(gpu ? { 'nvidia.com/gpu.shared': '1', memory: '16Gi', cpu: '8' } : {}),
      ...(mutated && !gpu ? { cpu: '100m', memory: '128Mi' } : {}),
    },
  });
  const mps = mutated
    ? [
        { name: 'CUDA_MPS_ACTIVE_THREAD_PERCENTAGE', value: '50' },
        { name: 'CUDA_MPS_PINNED_DEVICE_MEM_LIMIT', value: '0=8000M' },
      ]
    : [];
  const container = (name: string, gpu: boolean) => ({
    name,
    image: `registry.example/ml/${name}:2026.1.3`,
    command: ['python', '-m', `platform.${name}`],
    args: ['--config', '/etc/train/config.yaml', '--checkpoint', 's3://checkpoints/job-7/step-12000', '--seed', '7'],
    env: [
      { name: 'PYTHONUNBUFFERED', value: '1' },
      { name: 'RUN_ID', value: 'job-7-2026-01-01' },
      { name: 'POD_NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
      { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'job-7', key: 'token' } } },
      ...(gpu ? mps : []),
    ],
    resources: resources(gpu),
    volumeMounts: [
      { name: 'config', mountPath: '/etc/train', readOnly: true },
      { name: 'scratch', mountPath: '/scratch' },
      { name: 'kube-api-access-8kz2v', readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
    ],
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
    securityContext: { allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: { drop: ['ALL'] } },
  });
  return reviewOf({
    name: mutated ? 'job-7-train-x2x9q' : '',
    userInfo: {
      username: 'system:serviceaccount:kube-system:job-controller',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
    },
    object: {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata,
      spec: {
        volumes: [
          { name: 'config', configMap: { name: 'job-7-config', defaultMode: 420 } },
          { name: 'scratch', emptyDir: { sizeLimit: '20Gi' } },
          {
            name: 'kube-api-access-8kz2v',
            projected: {
              sources: [
                { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
                { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
                {
                  downwardAPI: {
                    items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
                  },
                },
              ],
              defaultMode: 420,
            },
          },
        ],
        containers: [container('train', true), container('metrics', false)],
        restartPolicy: 'OnFailure',
        terminationGracePeriodSeconds: 30,
        dnsPolicy: 'ClusterFirst',
        serviceAccountName: 'default',
        serviceAccount: 'default',
        securityContext: { fsGroup: 1000 },
        schedulerName: 'default-scheduler',
        tolerations: [
          { key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' },
          { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
          { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
        ],
        priority: 0,
        enableServiceLinks: true,
        preemptionPolicy: 'PreemptLowerPriority',
      },
      status: {},
    },
  });
}

function managedFields(): object {
  const container = {
    '.': {},
    'f:args': {},
    'f:command': {},
    'f:env': {
      '.': {},
      'k:{"name":"POD_NAME"}': { '.': {}, 'f:name': {}, 'f:valueFrom': { '.': {}, 'f:fieldRef': {} } },
      'k:{"name":"PYTHONUNBUFFERED"}': { '.': {}, 'f:name': {}, 'f:value': {} },
      'k:{"name":"RUN_ID"}': { '.': {}, 'f:name': {}, 'f:value': {} },
    },
    'f:image': {},
    'f:imagePullPolicy': {},
    'f:name': {},
    'f:resources': { '.': {}, 'f:limits': { '.': {}, 'f:nvidia.com/gpu.shared': {} } },
    'f:securityContext': { '.': {}, 'f:allowPrivilegeEscalation': {}, 'f:runAsNonRoot': {} },
    'f:terminationMessagePath': {},
    'f:volumeMounts': { '.': {}, 'k:{"mountPath":"/etc/train"}': { '.': {}, 'f:mountPath': {}, 'f:name': {} } },
  };
  return {
    manager: 'kube-controller-manager',
    operation: 'Update',
    apiVersion: 'v1',
    time: '2026-01-01T00:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1: {
      'f:metadata': {
        'f:finalizers': { '.': {}, 'v:"batch.kubernetes.io/job-tracking"': {} },
        'f:generateName': {},
        'f:labels': { '.': {}, 'f:batch.kubernetes.io/controller-uid': {}, 'f:group-id': {} },
        'f:ownerReferences': { '.': {}, 'k:{"uid":"5c1b7a52-2f1a-4f6e-8f6c-0f0d3a3a9c11"}': {} },
      },
      'f:spec': {
        'f:containers': {
          'k:{"name":"train"}': container,
          'k:{"name":"metrics"}': { '.': {}, 'f:image': {}, 'f:name': {} },
        },
        'f:dnsPolicy': {},
        'f:restartPolicy': {},
        'f:schedulerName': {},
        'f:terminationGracePeriodSeconds': {},
      },
    },
  };
}
