/** Reviews as a 1.36 API server sends them, for tests and benchmarks. */

export type ReviewFields = {
  readonly uid?: string;
  readonly kind?: { group: string; version: string; kind: string };
  readonly resource?: { group: string; version: string; resource: string };
  readonly subResource?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly operation?: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly userInfo?: { username: string; groups: string[] };
  readonly dryRun?: boolean;
  readonly object?: unknown;
  readonly oldObject?: unknown;
};

export function reviewOf(fields: ReviewFields): object {
  const kind = fields.kind ?? { group: '', version: 'v1', kind: 'Pod' };
  const resource = fields.resource ?? { group: '', version: 'v1', resource: 'pods' };
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: fields.uid ?? '705ab4f5-6393-11e8-b7cc-42010a800002',
      kind,
      resource,
      ...(fields.subResource === undefined ? {} : { subResource: fields.subResource }),
      requestKind: kind,
      requestResource: resource,
      name: fields.name ?? 'job-7-train',
      namespace: fields.namespace ?? 'proj-a',
      operation: fields.operation ?? 'CREATE',
      userInfo: fields.userInfo ?? { username: 'alice', groups: ['tenants', 'system:authenticated'] },
      object: fields.object === undefined ? gpuPod() : fields.object,
      oldObject: fields.oldObject ?? null,
      dryRun: fields.dryRun ?? false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', fieldManager: 'kubectl-client-side-apply' },
    },
  };
}

export function bytesOf(review: unknown): Buffer {
  return Buffer.from(JSON.stringify(review));
}

export type PodFields = {
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly containers?: readonly unknown[];
};

/** A pod that asks for one shared GPU and keeps every rule of the example policies, but for labels and defaults. */
export function gpuPod(fields: PodFields = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'job-7-train',
      namespace: 'proj-a',
      creationTimestamp: null,
      labels: { 'group-id': 'g1' },
      managedFields: [managedFields('kubectl-client-side-apply')],
      ...fields.metadata,
    },
    spec: {
      containers: fields.containers ?? [
        {
          name: 'train',
          image: 'registry.example/train:1',
          resources: { limits: { 'nvidia.com/gpu.shared': '1' }, requests: { 'nvidia.com/gpu.shared': '1' } },
        },
      ],
      restartPolicy: 'Never',
      ...fields.spec,
    },
    status: {},
  };
}

function managedFields(manager: string): object {
  return {
    manager,
    operation: 'Update',
    apiVersion: 'v1',
    time: '2026-01-01T00:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1: {
      'f:metadata': { 'f:labels': { '.': {}, 'f:group-id': {} } },
      'f:spec': { 'f:containers': { 'k:{"name":"train"}': { '.': {}, 'f:image': {}, 'f:resources': {} } } },
    },
  };
}
