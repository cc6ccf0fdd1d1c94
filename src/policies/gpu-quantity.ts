/**
 * Fields looked at: spec.containers[*] and spec.initContainers[*] .resources.limits and .requests of nvidia.com/ names,
 *                   and spec.resources of the whole pod
 * Values allowed:   whole numbers; a limit wherever there is a request, and the two equal; none for the whole pod;
 *                   no quota keys (limits.nvidia.com/gpu), which name nothing that a container could get
 */
import { gpuResourcePrefix } from '../workload/demand.ts';
import {
  containerPath,
  ownValue,
  resourceContainers,
  type Container,
  type Pod,
  type ResourceList,
} from '../workload/pod.ts';
import { nanosPerUnit, parseQuantity, wholeUnits } from '../workload/quantity.ts';
import { behindQuotaKey } from './extended-demand.ts';
import { shown } from '../text/printable.ts';
import { noViolations, type Rule, type Violation } from './rule.ts';

const id = 'gpu-quantity';

type Report = (path: string, reason: string) => void;

type Field = 'limits' | 'requests';

function judgeText(resource: string, text: string, container: Container, field: Field, report: Report): boolean {
  const nanos = parseQuantity(text);
  if (nanos !== undefined && nanos % nanosPerUnit === 0n) return true;
  const path = `${containerPath(container)}.resources.${field}`;
  if (nanos === undefined) {
    report(path, `${shown(resource)} "${shown(text)}" is no quantity. Write a whole number of devices, such as 1.`);
  } else {
    const instead = wholeUnits(text) ?? 1;
    report(path, `${shown(resource)} ${shown(text)} is no whole number of devices. Ask for ${instead}.`);
  }
  return false;
}

function judgeContainer(container: Container, resource: string, report: Report): void {
  const request = ownValue(container.requests, resource);
  const limit = ownValue(container.limits, resource);
  const meant = behindQuotaKey(resource);
  if (meant !== undefined) {
    const field = limit === undefined ? 'requests' : 'limits';
    report(
      `${containerPath(container)}.resources.${field}`,
      `${shown(resource)} is a key of ResourceQuota and gives a container nothing. Write ${shown(meant)}.`,
    );
    return;
  }
  const isLimitSound = limit === undefined || judgeText(resource, limit, container, 'limits', report);
  const isRequestSound = request === undefined || judgeText(resource, request, container, 'requests', report);
  if (!isLimitSound || !isRequestSound || request === undefined) return;
  if (request === limit) return;
  const path = `${containerPath(container)}.resources`;
  const name = shown(resource);
  if (limit === undefined) {
    report(
      `${path}.limits`,
      `${name} requested ${shown(request)}, limit missing. Devices cannot be overcommitted: set the limit to ${shown(request)}.`,
    );
  } else if (parseQuantity(request) !== parseQuantity(limit)) {
    report(
      path,
      `${name} requested ${shown(request)}, limit ${shown(limit)}. Devices cannot be overcommitted: make both the same.`,
    );
  }
}

/** Kubernetes sizes a whole pod by cpu, memory and hugepages alone. */
function judgeWholePod({ podLimits, podRequests }: Pod, report: Report): void {
  judgeOfPod('limits', podLimits, report);
  judgeOfPod('requests', podRequests, report);
}

function judgeOfPod(field: Field, resources: ResourceList, report: Report): void {
  for (const resource in resources) {
    if (!resource.includes(gpuResourcePrefix)) continue;
    const advice = 'cannot be asked for by a whole pod. Move it to the container that uses it.';
    report(`spec.resources.${field}`, `${shown(resource)} ${advice}`);
  }
}

function judgeContainers(pod: Pod, report: Report): void {
  for (const container of resourceContainers(pod)) {
    for (const resource in container.limits) {
      if (resource.includes(gpuResourcePrefix)) judgeContainer(container, resource, report);
    }
    for (const resource in container.requests) {
      const isNew = !(resource in container.limits);
      if (isNew && resource.includes(gpuResourcePrefix)) judgeContainer(container, resource, report);
    }
  }
}

export const gpuQuantity: Rule = {
  id,
  summary: 'GPUs are asked for in whole numbers, with a limit that equals the request.',
  settings: 'gpu',
  fields: 'spec.containers[*].resources, spec.initContainers[*].resources, spec.resources',
  compile(spec) {
    if (spec.gpu === undefined) return undefined;
    return ({ pod }) => {
      if (pod === undefined) return noViolations;
      let violations: Violation[] | undefined;
      const report: Report = (path, reason) => (violations ??= []).push({ rule: id, path, reason });
      judgeWholePod(pod, report);
      judgeContainers(pod, report);
      return violations ?? noViolations;
    };
  },
};
