import { flag, list, object, quantities, text, textList, texts, time } from './fields.ts';

/**
 * What Kubernetes' objects look like to us: every field that any rule, mutation, quota or table reads. To read another
 * one, name it here and use it in read-pod.ts; the tests of this table say what else it concerns (records, the view).
 * Numbers are those of generated.proto in k8s.io/apimachinery (pkg/apis/meta/v1) and k8s.io/api (core/v1); they never
 * change. A field that Go embeds inline, such as the source of a volume, is nested in protobuf, so it can have none here.
 */

const ownerReference = { kind: text(1), name: text(3), controller: flag(6) };

const objectMeta = {
  name: text(1),
  generateName: text(2),
  namespace: text(3),
  uid: text(5),
  resourceVersion: text(6),
  creationTimestamp: time(8),
  labels: texts(11),
  annotations: texts(12),
  ownerReferences: list(ownerReference, 13),
};

/** An object of any kind. */
export const objectFields = { metadata: object(objectMeta, 1) };

const resourceRequirements = { limits: quantities(1), requests: quantities(2) };

/** Only whether the value comes from somewhere else is read of `valueFrom`. */
const envVar = { name: text(), value: text(), valueFrom: object({}) };

const container = {
  name: text(1),
  env: list(envVar),
  resources: object(resourceRequirements, 8),
  securityContext: object({ capabilities: object({ add: textList() }), privileged: flag() }),
  restartPolicy: text(24),
};

const podSpec = {
  volumes: list({ hostPath: object({ path: text() }) }),
  containers: list(container, 2),
  nodeSelector: texts(),
  nodeName: text(10),
  hostPID: flag(),
  initContainers: list(container, 20),
  runtimeClassName: text(),
  overhead: quantities(32),
  ephemeralContainers: list(container),
  /** Only how many there are is read. */
  resourceClaims: list({}, 39),
  resources: object(resourceRequirements, 40),
};

export const podFields = {
  ...objectFields,
  spec: object(podSpec, 2),
  status: object({ phase: text(1) }, 3),
};

export const nodeFields = { ...objectFields, status: object({ allocatable: quantities(2) }, 3) };
