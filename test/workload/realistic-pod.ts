/**
 * A pod as an API server sends it to a mutating webhook: created by a Job, defaulted, 6 KB with its managedFields.
 * A function, so that no test can spoil it for another.
 */
export function realisticPod(): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: 'job-7-train-',
      namespace: 'proj-a',
      creationTimestamp: null,
      labels: {
        'batch.kubernetes.io/controller-uid': '5f0c3c52-2f0e-4a35-9d33-2b5c8f7f3d0a',
        'batch.kubernetes.io/job-name': 'job-7-train',
        'controller-uid': '5f0c3c52-2f0e-4a35-9d33-2b5c8f7f3d0a',
        'job-name': 'job-7-train',
        'group-id': 'vision',
      },
      annotations: {
        'prometheus.io/scrape': 'true',
        'prometheus.io/port': '9400',
        'example.com/commit': '1f0f7e3f1c6f2a0d9c0f0c8f0e6a3a0d9c0f0c8f',
      },
      ownerReferences: [
        {
          apiVersion: 'batch/v1',
          kind: 'Job',
          name: 'job-7-train',
          uid: '5f0c3c52-2f0e-4a35-9d33-2b5c8f7f3d0a',
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
      finalizers: ['batch.kubernetes.io/job-tracking'],
      managedFields: managedFields(),
    },
    spec: {
      volumes: [
        { name: 'data', persistentVolumeClaim: { claimName: 'job-7-data' } },
        { name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '8Gi' } },
        { name: 'config', configMap: { name: 'job-7-config', defaultMode: 420 } },
        tokenVolume(),
      ],
      initContainers: [container('fetch', {}, 3), { ...container('log-shipper', {}, 4), restartPolicy: 'Always' }],
      containers: [
        container(
          'train',
          { limits: { 'nvidia.com/gpu.shared': '1' }, requests: { 'nvidia.com/gpu.shared': '1' } },
          12,
        ),
        container('metrics', { requests: { cpu: '50m' } }, 3),
      ],
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      nodeSelector: { 'nvidia.com/gpu.product': 'NVIDIA-A100-SXM4-80GB' },
      serviceAccountName: 'trainer',
      serviceAccount: 'trainer',
      securityContext: { runAsUser: 1000, fsGroup: 1000 },
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
  };
}

function container(name: string, resources: object, variables: number): object {
  return {
    name,
    image: `registry.example.com/ml/${name}:2026.1.0`,
    command: ['python', '-m', name, '--config', '/etc/job/config.yaml'],
    env: [
      { name: 'POD_NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
      ...Array.from({ length: variables - 1 }, (_, index) => ({ name: `SETTING_${index}`, value: `value-${index}` })),
    ],
    resources,
    volumeMounts: [
      { name: 'data', mountPath: '/data' },
      { name: 'shm', mountPath: '/dev/shm' },
      { name: 'config', mountPath: '/etc/job', readOnly: true },
      { name: 'kube-api-access-8xk2v', readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
    ],
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  };
}

function tokenVolume(): object {
  return {
    name: 'kube-api-access-8xk2v',
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
  };
}

function managedFields(): object[] {
  const fields = [
    'f:image',
    'f:imagePullPolicy',
    'f:name',
    'f:resources',
    'f:terminationMessagePath',
    'f:volumeMounts',
  ];
  const owned = Object.fromEntries(fields.map((field) => [field, {}]));
  return [
    {
      manager: 'kube-controller-manager',
      operation: 'Update',
      apiVersion: 'v1',
      time: '2026-01-01T00:00:00Z',
      fieldsType: 'FieldsV1',
      fieldsV1: {
        'f:metadata': { 'f:annotations': { '.': {} }, 'f:finalizers': { '.': {} }, 'f:labels': { '.': {} } },
        'f:spec': {
          'f:containers': { 'k:{"name":"train"}': owned, 'k:{"name":"metrics"}': owned },
          'f:initContainers': { 'k:{"name":"fetch"}': owned, 'k:{"name":"log-shipper"}': owned },
          'f:restartPolicy': {},
          'f:schedulerName': {},
        },
      },
    },
  ];
}
