/**
 * Fields looked at: spec.containers[*], .initContainers[*] and .ephemeralContainers[*] .env[*] and
 *                   .securityContext (privileged, capabilities.add); spec.hostPID; spec.runtimeClassName;
 *                   spec.volumes[*].hostPath.path; spec.nodeName
 * Values allowed:   NVIDIA_VISIBLE_DEVICES unset, void, none or empty, even on a container that asks for GPUs (with
 *                   Void it must be set on ephemeral containers, which no mutation reaches); privileged unset;
 *                   neither SYS_ADMIN nor SYS_PTRACE together with hostPID; no GPU runtime class on a pod that asks for
 *                   no GPU, unless the variable is void on every container; no host path to GPU devices or to what
 *                   assigns them; no spec.nodeName when a user creates a pod that asks for a GPU, or for devices by a
 *                   claim or a DeviceClass. Devices from spec.resourceClaims belong to the pod and are allowed.
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

type Sentences = Pick<Violation, 'reason' | 'advice'>;

function sentencesOf({ kind, value }: DeviceAccess): Sentences {
  const text = value === undefined ? 'from valueFrom' : `"${shown(value)}"`;
  switch (kind) {
    case 'visible-devices':
      return {
        reason: `${visibleDevicesVariable} ${text} ${value === undefined ? 'can show' : 'shows'} GPUs to a container that asks for none.`,
        advice: 'Ask for nvidia.com/gpu, or set the variable to void.',
      };
    case 'overridden-devices':
      return {
        reason: `${visibleDevicesVariable} ${text} overrides the GPUs that the container is assigned.`,
        advice: 'Remove the variable.',
      };
    case 'runtime-class':
      return {
        reason: `Runtime class ${text} can show GPUs to a pod that asks for none.`,
        advice: `Remove it, ask for nvidia.com/gpu, or set ${visibleDevicesVariable} to void on every container.`,
      };
    case 'privileged':
      return { reason: 'A privileged container can use every GPU of its node.', advice: 'Remove privileged.' };
    case 'host-processes':
      return {
        reason: `With hostPID, capability ${text} lets the container use every GPU of its node.`,
        advice: 'Remove the capability or hostPID.',
      };
    case 'host-path':
      return {
        reason: `${text} gives access to the GPUs of the node.`,
        advice: 'Remove the volume, and ask for nvidia.com/gpu instead.',
      };
  }
}

/** The variable overrides that of the image, so the runtime class shows no GPU. */
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

/** Ephemeral containers are added to existing pods, which are not mutated, so they must set the variable themselves. */
function notVoided(pod: Pod): readonly Violation[] {
  if (pod.ephemeralContainers.length === 0) return noViolations;
  return pod.ephemeralContainers
    .filter(({ env }) => !env.some(({ name }) => name === visibleDevicesVariable))
    .map((container) => ({
      rule: id,
      path: `${containerPath(container)}.env`,
      reason: 'The image of an ephemeral container can show GPUs to it.',
      advice: `Set ${visibleDevicesVariable} to void, for example with kubectl debug --env=${visibleDevicesVariable}=void.`,
    }));
}

function isPlacedByHand({ operation, meta, user }: Facts, pod: Pod): boolean {
  // Every pod that runs has a node.
  if (operation !== 'CREATE' || pod.nodeName === '') return false;
  return !isKubelet(user) && !isClusterController(user, meta.namespace);
}

function placedByHand(nodeName: string): Violation {
  return {
    rule: id,
    path: 'spec.nodeName',
    reason: `"${shown(nodeName)}" bypasses the scheduler, which counts the free GPUs of each node.`,
    advice: 'Remove nodeName, or use nodeSelector.',
  };
}

export const deviceAccess: Rule = {
  id,
  summary: 'A pod can use GPUs only by asking for them.',
  settings: 'gpu.deviceAccess',
  fields:
    'spec.*[*].env, spec.*[*].securityContext, spec.hostPID, spec.runtimeClassName, spec.volumes[*].hostPath, spec.nodeName',
  compile(spec) {
    // With Void, the mutation has already voided what it can. What is left is denied.
    if (spec.gpu === undefined || spec.gpu.deviceAccess === 'Allow') return undefined;
    const isVoidPolicy = spec.gpu.deviceAccess === 'Void';
    return (facts) => {
      const { pod, demand } = facts;
      if (pod === undefined) return noViolations;
      let violations: Violation[] | undefined;
      for (const access of findDeviceAccess(pod, demand)) {
        if (access.kind === 'runtime-class' && isVoid(pod)) continue;
        (violations ??= []).push({ rule: id, path: access.path, ...sentencesOf(access) });
      }
      if (isVoidPolicy) for (const violation of notVoided(pod)) (violations ??= []).push(violation);
      if (isPlacedByHand(facts, pod) && asksForDevices(pod, demand)) {
        (violations ??= []).push(placedByHand(pod.nodeName));
      }
      return violations ?? noViolations;
    };
  },
};
