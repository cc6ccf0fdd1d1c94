import { posix } from 'node:path';
import { asksForGpu, gpuResourcePrefix, type Demand } from './demand.ts';
import { mpsAnnotationPrefix } from './mps.ts';
import { allContainers, containerPath, resourceContainers, type EnvVar, type Pod, type ResourceList } from './pod.ts';

/**
 * How a pod would reach GPUs without asking for them. Images may carry NVIDIA_VISIBLE_DEVICES themselves and
 * `envFrom` may bring it in: neither can be seen at admission; the variable set in `env` beats both.
 */
export type DeviceAccess = {
  readonly kind:
    'visible-devices' | 'overridden-devices' | 'runtime-class' | 'privileged' | 'host-processes' | 'host-path';
  /** Field path, such as `spec.containers[0].env[2]`. */
  readonly path: string;
  /** What stands there; undefined when it comes by `valueFrom`. */
  readonly value: string | undefined;
};

export const visibleDevicesVariable = 'NVIDIA_VISIBLE_DEVICES';

/** Values under which the NVIDIA runtime shows a container no device; `none` still mounts the driver's libraries. */
export const harmlessVisibleDevices: readonly string[] = ['void', 'none', ''];

export const gpuRuntimeClassPrefix = 'nvidia';

/** In every host path of a GPU device, however it is spelled. */
export const gpuHostPathInfix = 'nvidia';

/** core/v1 `ResourceDeviceClassPrefix`: devices of a DeviceClass, asked for as a resource and given by a claim. */
const deviceClassPrefix = 'deviceclass.resource.kubernetes.io/';

/** Resources that only a pod with an interest in GPUs names. Which devices a class holds cannot be seen here. */
export const gpuResourcePrefixes: readonly string[] = [gpuResourcePrefix, deviceClassPrefix];

/** Variables that only a pod with an interest in GPUs has. NVIDIA_DRIVER_CAPABILITIES and others do no harm. */
export const gpuVariablePrefixes: readonly string[] = ['NVIDIA_', 'CUDA_MPS_'];

/**
 * Host paths, in their shortest spelling, that hold GPU devices or lead to whoever hands them out, and the parents of
 * these. `/proc/1/root` leads back to the root; `/dev/char` links to every device; `/dev/null`, mounted below
 * /var/run/nvidia-container-devices, is how the runtime's `volume-mounts` strategy asks for devices. Through the socket
 * of a container runtime, the directory of the kubelet or its manifests one starts containers past the API server; a
 * file in the directories of CDI says which devices a container gets.
 */
const gpuHostPath = new RegExp(
  [
    String.raw`^/$`,
    String.raw`^/dev($|/nvidia|/dri|/vfio|/(char|null)($|/))`,
    String.raw`^/proc($|/[0-9]|/self|/thread-self|/driver($|/nvidia))`,
    String.raw`^/(var/)?run($|/nvidia|/(containerd|crio|cdi|docker\.sock)($|/))`,
    String.raw`^/var($|/lib($|/kubelet($|/)))`,
    String.raw`^/etc($|/(kubernetes|cdi)($|/))`,
  ].join('|'),
);

/** With these a container that sees the processes of its node enters any of them, and the devices that it holds. */
const processCapabilities: ReadonlySet<string> = new Set(['SYS_ADMIN', 'SYS_PTRACE', 'ALL']);

/**
 * Every way in which the pod would reach GPUs that it does not ask for. A container with GPUs is no exception: the
 * kubelet appends the container's own variables to those of the device plugin, and the last one counts.
 */
export function findDeviceAccess(pod: Pod, demand: Demand): readonly DeviceAccess[] {
  const found: DeviceAccess[] = [];
  for (const container of allContainers(pod)) {
    const path = containerPath(container);
    if (container.isPrivileged) {
      found.push({ kind: 'privileged', path: `${path}.securityContext.privileged`, value: 'true' });
    }
    const capability = pod.hostPID ? container.addedCapabilities.find(entersProcesses) : undefined;
    if (capability !== undefined) {
      found.push({ kind: 'host-processes', path: `${path}.securityContext.capabilities.add`, value: capability });
    }
    if (container.env.length === 0) continue;
    const kind = asksForGpu(container) ? 'overridden-devices' : 'visible-devices';
    for (const [index, variable] of container.env.entries()) {
      if (!showsDevices(variable)) continue;
      found.push({ kind, path: `${path}.env[${index}]`, value: variable.value });
    }
  }
  if (pod.runtimeClassName.startsWith(gpuRuntimeClassPrefix) && demand.size === 0) {
    found.push({ kind: 'runtime-class', path: 'spec.runtimeClassName', value: pod.runtimeClassName });
  }
  for (const { index, path } of pod.hostPaths) {
    if (!gpuHostPath.test(posix.resolve('/', path))) continue;
    found.push({ kind: 'host-path', path: `spec.volumes[${index}].hostPath.path`, value: path });
  }
  return found;
}

/** Container runtimes take a capability in any case, with or without its prefix. */
function entersProcesses(capability: string): boolean {
  return processCapabilities.has(capability.toUpperCase().replace(/^CAP_/, ''));
}

/** Whether the variable would show its container GPUs. One out of `valueFrom` may say anything, so it counts. */
export function showsDevices({ name, value }: EnvVar): boolean {
  return name === visibleDevicesVariable && (value === undefined || !harmlessVisibleDevices.includes(value));
}

/**
 * Whether the pod says anything about GPUs. Only such a pod reaches the webhook that fails closed: the matchConditions
 * of the manifests say the same in CEL. Wherever this is true the CEL must be true as well, since the other webhook
 * then leaves the pod alone. Privileged pods and those that mount a parent of /dev are not among them: node agents do
 * both, and must start while gpugate is down.
 */
export function touchesGpu(pod: Pod): boolean {
  if (pod.resourceClaims > 0 || pod.runtimeClassName.startsWith(gpuRuntimeClassPrefix)) return true;
  for (const container of allContainers(pod)) {
    if (namesGpu(container.limits) || namesGpu(container.requests) || container.env.some(isGpuVariable)) return true;
  }
  for (const key in pod.meta.annotations) if (key.startsWith(mpsAnnotationPrefix)) return true;
  return pod.hostPaths.some(({ path }) => path.includes(gpuHostPathInfix));
}

function isGpuVariable({ name }: EnvVar): boolean {
  return gpuVariablePrefixes.some((prefix) => name.startsWith(prefix));
}

function namesGpu(resources: ResourceList): boolean {
  for (const resource in resources) {
    if (resource.startsWith(gpuResourcePrefix) || resource.startsWith(deviceClassPrefix)) return true;
  }
  return false;
}

/** Whether the scheduler has to find the pod a GPU, or a device of a class that may be one. */
export function asksForDevices(pod: Pod, demand: Demand): boolean {
  if (demand.size > 0 || pod.resourceClaims > 0) return true;
  for (const { limits, requests } of resourceContainers(pod)) {
    if (namesDeviceClass(limits) || namesDeviceClass(requests)) return true;
  }
  return false;
}

function namesDeviceClass(resources: ResourceList): boolean {
  for (const resource in resources) if (resource.startsWith(deviceClassPrefix)) return true;
  return false;
}
