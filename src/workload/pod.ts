/**
 * The pod as rules and mutations read it: narrow, total, without optional chaining.
 * Source: core/v1 PodSpec. Everything absent in the object is present here as an empty value.
 */

/** resource name -> quantity as written, such as `{"cpu": "100m", "nvidia.com/gpu": "1"}`. */
export type ResourceList = Readonly<Record<string, string>>;

export type Labels = Readonly<Record<string, string>>;

export type ObjectMeta = {
  /** Empty while only generateName is known: in the mutating phase, and in offline checks. */
  readonly name: string;
  readonly generateName: string;
  readonly namespace: string;
  readonly uid: string;
  /** Empty in a review of a create. */
  readonly resourceVersion: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  /** The owner with `controller: true`, if there is one. */
  readonly controller: { readonly kind: string; readonly name: string } | undefined;
};

/** `value` is undefined when it comes from `valueFrom`; only literal values are ever judged. */
export type EnvVar = { readonly name: string; readonly value: string | undefined };

export type ContainerField = 'containers' | 'initContainers' | 'ephemeralContainers';

export type Container = {
  readonly name: string;
  readonly field: ContainerField;
  /** Position in `spec[field]`; with `field` it makes the path, see {@link containerPath}. */
  readonly index: number;
  /** An init container with `restartPolicy: Always`. */
  readonly isSidecar: boolean;
  readonly requests: ResourceList;
  readonly limits: ResourceList;
  readonly env: readonly EnvVar[];
  readonly isPrivileged: boolean;
  /** `securityContext.capabilities.add`, as written. */
  readonly addedCapabilities: readonly string[];
  /** What of `resources` and `env` the object really holds: a patch must create missing parents. */
  readonly has: {
    readonly resources: boolean;
    readonly requests: boolean;
    readonly limits: boolean;
    readonly env: boolean;
  };
};

export type Pod = {
  readonly meta: ObjectMeta;
  readonly containers: readonly Container[];
  readonly initContainers: readonly Container[];
  readonly ephemeralContainers: readonly Container[];
  /** RuntimeClass overhead, added to requests by Kubernetes. */
  readonly overhead: ResourceList;
  /** Pod-level `spec.resources` (Kubernetes 1.34+), which override the sum over containers. */
  readonly podRequests: ResourceList;
  readonly podLimits: ResourceList;
  readonly nodeName: string;
  readonly nodeSelector: Labels;
  readonly runtimeClassName: string;
  /** Whether its containers see the processes of the node. */
  readonly hostPID: boolean;
  /** How many `spec.resourceClaims` (dynamic resource allocation) the pod lists. */
  readonly resourceClaims: number;
  readonly hostPaths: readonly { readonly index: number; readonly path: string }[];
  /** `status.phase`: empty in a review of a create. */
  readonly phase: string;
  readonly has: { readonly metadata: boolean; readonly labels: boolean; readonly annotations: boolean };
};

/** `spec.initContainers[2]`: the field path that Kubernetes prints in its own errors. */
export function containerPath(container: Pick<Container, 'field' | 'index'>): string {
  return `spec.${container.field}[${container.index}]`;
}

/**
 * Containers and init containers (sidecars among them): those that can hold resources. A list and no generator: a dozen
 * rules and mutations ask for it, and with a generator that delegates to two others they take a fifth longer.
 */
export function resourceContainers({ initContainers, containers }: Pod): readonly Container[] {
  return initContainers.length === 0 ? containers : [...initContainers, ...containers];
}

/** Every container, the ephemeral ones too: those that can carry environment. */
export function allContainers(pod: Pod): readonly Container[] {
  const { ephemeralContainers } = pod;
  return ephemeralContainers.length === 0
    ? resourceContainers(pod)
    : [...resourceContainers(pod), ...ephemeralContainers];
}

/**
 * What a raw map says under a key. Maps are as the user sent them, prototype included,
 * so that `labels[key]` with a key out of a policy would find `constructor` in every pod.
 */
export function ownValue(map: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}
