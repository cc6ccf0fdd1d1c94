import { husk, leaf, list, map, object } from './json-shape.ts';

/**
 * All that is ever read of the review of a pod: by readRequest, readMeta, readPod and the answer. A field that they are
 * taught to read belongs here too: a test finds out which fields they look at, and fails for one that is missing.
 */

const resources = object({ requests: map, limits: map });

const container = object({
  name: leaf,
  restartPolicy: leaf,
  resources,
  env: list(object({ name: leaf, value: leaf, valueFrom: husk })),
  securityContext: object({ privileged: leaf, capabilities: object({ add: list(leaf) }) }),
});

const subject = object({
  metadata: object({
    name: leaf,
    generateName: leaf,
    namespace: leaf,
    uid: leaf,
    labels: map,
    annotations: map,
    ownerReferences: list(object({ controller: leaf, kind: leaf, name: leaf })),
  }),
  spec: object({
    containers: list(container),
    initContainers: list(container),
    ephemeralContainers: list(container),
    overhead: map,
    resources,
    nodeName: leaf,
    nodeSelector: map,
    runtimeClassName: leaf,
    hostPID: leaf,
    resourceClaims: list(husk),
    volumes: list(object({ hostPath: object({ path: leaf }) })),
  }),
});

export const reviewShape = object({
  apiVersion: leaf,
  kind: leaf,
  request: object({
    uid: leaf,
    kind: object({ group: leaf, kind: leaf }),
    resource: object({ resource: leaf }),
    subResource: leaf,
    name: leaf,
    namespace: leaf,
    operation: leaf,
    userInfo: object({ username: leaf, groups: list(leaf) }),
    dryRun: leaf,
    object: subject,
    oldObject: subject,
  }),
});
