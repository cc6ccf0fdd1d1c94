import { posix } from 'node:path';
import { asksForGpu, gpuResourcePrefix, type Demand } from './demand.ts';
import { mpsAnnotationPrefix } from './mps.ts';
import { allContainers, containerPath, resourceContainers, type EnvVar, type Pod, type ResourceList } from './pod.ts';

/**
 * A way for a pod to use GPUs without asking for them. NVIDIA_VISIBLE_DEVICES may also come from the image or `envFrom`,
 * which cannot be seen at admission. The variable in `env` overrides both.
 */
export type DeviceAccess = {
  readonly kind:
    'visible-devices' | 'overridden-devices' | 'runtime-class' | 'privileged' | 'host-processes' | 'host-path';
  /** Field path, such as `spec.containers[0].env[2]`. */
  readonly path: string;
  /** The value of the field. Undefined when it comes from `valueFrom`. */
  readonly value: string | undefined;
};

export const visibleDevicesVariable = 'NVIDIA_VISIBLE_DEVICES';

/** With these values the NVIDIA runtime shows a container no GPU. `none` still mounts the libraries of the driver. */
export const harmlessVisibleDevices: readonly string[] = ['void', 'none', ''];

export const gpuRuntimeClassPrefix = 'nvidia';

/** Part of every host path to a GPU device, however it is spelled. */
export const gpuHostPathInfix = 'nvidia';

/** core/v1 `ResourceDeviceClassPrefix`: devices of a DeviceClass, requested as a resource and provided by a claim. */
const deviceClassPrefix = 'deviceclass.resource.kubernetes.io/';

/** Resources that only pods with an interest in GPUs name. The devices of a class are not known here. */
export const gpuResourcePrefixes: readonly string[] = [gpuResourcePrefix, deviceClassPrefix];

/** Variables that only pods with an interest in GPUs have. NVIDIA_DRIVER_CAPABILITIES and others are harmless. */
export const gpuVariablePrefixes: readonly string[] = ['NVIDIA_', 'CUDA_MPS_'];

/**
 * Host paths, in their shortest spelling, with GPU devices or with what assigns them, and the parents of these.
 * `/proc/1/root` leads back to the root. `/dev/char` links to every device. `/dev/null`, mounted below
 * /var/run/nvidia-container-devices, asks for devices by the `volume-mounts` strategy of the runtime. The socket of a
 * container runtime and the directories of the kubelet and its manifests can start containers without the API server.
 * Files in the CDI directories decide which devices a container gets.
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

/** With these, a container that sees the processes of its node can enter any of them and use its devices. */
const processCapabilities: ReadonlySet<string> = new Set(['SYS_ADMIN', 'SYS_PTRACE', 'ALL']);

/**
 * Every way in which the pod can use GPUs that it does not ask for. Containers with GPUs are no exception: the kubelet
 * appends the variables of the container to those of the device plugin, and the last one counts.
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

/** Container runtimes accept a capability in upper or lower case, with or without its prefix. */
function entersProcesses(capability: string): boolean {
  return processCapabilities.has(capability.toUpperCase().replace(/^CAP_/, ''));
}

/** Whether the variable shows GPUs to its container. One from `valueFrom` may have any value, so it counts. */
export function showsDevices({ name, value }: EnvVar): boolean {
  return name === visibleDevicesVariable && (value === undefined || !harmlessVisibleDevices.includes(value));
}

/**
 * Whether the pod mentions GPUs in any way. Only such pods reach the webhook that fails closed. Its matchConditions say
 * the same in CEL, and must be true whenever this is true, because the other webhook then leaves the pod alone.
 * Privileged pods and pods that mount a parent of /dev are not included: node agents do both, and must be able to start
 * while gpugate is down.
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

/** Whether the scheduler must find a GPU for the pod, or a device of a class that may be one. */
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
