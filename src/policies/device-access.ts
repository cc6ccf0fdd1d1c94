/**
 * Fields looked at: spec.containers[*], .initContainers[*] and .ephemeralContainers[*] .env[*] and
 *                   .securityContext (privileged, capabilities.add); spec.hostPID; spec.runtimeClassName;
 *                   spec.volumes[*].hostPath.path; spec.nodeName
 * Values allowed:   NVIDIA_VISIBLE_DEVICES unset, void, none or empty, also on a container that asks for GPUs
 *                   (under Void not unset on an ephemeral container, which no mutation reaches); privileged unset, and no
 *                   SYS_ADMIN or SYS_PTRACE beside hostPID;
 *                   no runtime class of GPUs on a pod that asks for none, unless that variable is void on every container;
 *                   no host path to GPU devices or to who hands them out; spec.nodeName empty when a user creates a pod that asks for a GPU, or for
 *                   devices by a claim or a DeviceClass.
 *                   Devices by spec.resourceClaims are a pod's own (dynamic resource allocation) and otherwise allowed.
 */
import {
  asksForDevices,
  findDeviceAccess,
  harmlessVisibleDevices,
  visibleDevicesVariable,
  type DeviceAccess,
} from '../workload/device-access.ts';
import { allContainers, containerPath, type Container, type Pod } from '../workload/pod.ts';
import { isClusterController, isKubelet } from '../workload/requester.ts';
import { shown } from '../text/printable.ts';
import { noViolations, type Facts, type Rule, type Violation } from './rule.ts';

const id = 'device-access';

function reasonOf({ kind, value }: DeviceAccess): string {
  const text = value === undefined ? '' : ` "${shown(value)}"`;
  switch (kind) {
    case 'visible-devices':
      return value === undefined
        ? `${visibleDevicesVariable} by valueFrom may show GPUs to a container that asks for none. Ask for nvidia.com/gpu, or write the value void.`
        : `${visibleDevicesVariable}${text} shows GPUs to a container that asks for none. Ask for nvidia.com/gpu, or write void.`;
    case 'overridden-devices':
      return `${visibleDevicesVariable}${text === '' ? ' by valueFrom' : text} overrides the devices that the container is assigned. Remove the variable.`;
    case 'runtime-class':
      return `runtimeClassName${text} can show GPUs to a pod that asks for none. Remove it, ask for nvidia.com/gpu, or set ${visibleDevicesVariable} to void on every container.`;
    case 'privileged':
      return 'A privileged container reaches every GPU of its node. Remove privileged.';
    case 'host-processes':
      return `Capability${text} beside hostPID reaches every GPU of its node, as privileged does. Remove one of the two.`;
    case 'host-path':
      return `hostPath${text} reaches GPUs of the node: their devices, or who hands them out. Remove the volume, and ask for nvidia.com/gpu instead.`;
  }
}

/** The variable beats what the image says, so that the runtime class shows nothing more. */
function isVoid(pod: Pod): boolean {
  for (const container of allContainers(pod)) if (!setsVoid(container)) return false;
  return true;
}

function setsVoid({ env }: Container): boolean {
  return env.some(
    ({ name, value }) =>
      name === visibleDevicesVariable && value !== undefined && harmlessVisibleDevices.includes(value),
  );
}

/** Ephemeral containers are added to pods that exist, where no mutation voids them: they have to do it themselves. */
function notVoided(pod: Pod): readonly Violation[] {
  if (pod.ephemeralContainers.length === 0) return noViolations;
  return pod.ephemeralContainers
    .filter(({ env }) => !env.some(({ name }) => name === visibleDevicesVariable))
    .map((container) => ({
      rule: id,
      path: `${containerPath(container)}.env`,
      reason: `The image of an ephemeral container may show it GPUs. Set ${visibleDevicesVariable} to void, as with kubectl debug --env=${visibleDevicesVariable}=void.`,
    }));
}

function isPlacedByHand({ operation, meta, user }: Facts, pod: Pod): boolean {
  // Once it runs, every pod has a node.
  if (operation !== 'CREATE' || pod.nodeName === '') return false;
  return !isKubelet(user) && !isClusterController(user, meta.namespace);
}

function placedByHand(nodeName: string): Violation {
  return {
    rule: id,
    path: 'spec.nodeName',
    reason: `nodeName "${shown(nodeName)}" bypasses the scheduler, which counts the free GPUs of each node. Remove it, or use nodeSelector.`,
  };
}

export const deviceAccess: Rule = {
  id,
  summary: 'GPUs are reached only by asking for them.',
  settings: 'gpu.deviceAccess',
  fields:
    'spec.*[*].env, spec.*[*].securityContext, spec.hostPID, spec.runtimeClassName, spec.volumes[*].hostPath, spec.nodeName',
  compile(spec) {
    // Under Void the mutation has voided what it can before this runs: whatever is left is denied.
    if (spec.gpu === undefined || spec.gpu.deviceAccess === 'Allow') return undefined;
    const isVoidPolicy = spec.gpu.deviceAccess === 'Void';
    return (facts) => {
      const { pod, demand } = facts;
      if (pod === undefined) return noViolations;
      let violations: Violation[] | undefined;
      for (const access of findDeviceAccess(pod, demand)) {
        if (access.kind === 'runtime-class' && isVoid(pod)) continue;
        (violations ??= []).push({ rule: id, path: access.path, reason: reasonOf(access) });
      }
      if (isVoidPolicy) for (const violation of notVoided(pod)) (violations ??= []).push(violation);
      if (isPlacedByHand(facts, pod) && asksForDevices(pod, demand)) {
        (violations ??= []).push(placedByHand(pod.nodeName));
      }
      return violations ?? noViolations;
    };
  },
};
