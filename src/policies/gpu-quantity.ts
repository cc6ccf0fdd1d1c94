/**
 * Fields looked at: nvidia.com/ names in spec.containers[*] and spec.initContainers[*] .resources.limits and .requests,
 *                   and in spec.resources
 * Values allowed:   whole numbers; with every request an equal limit; nothing in spec.resources; no ResourceQuota keys
 *                   such as limits.nvidia.com/gpu, which give a container nothing
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

type Report = (path: string, reason: string, advice: string) => void;

type Field = 'limits' | 'requests';

function judgeText(resource: string, text: string, container: Container, field: Field, report: Report): boolean {
  const nanos = parseQuantity(text);
  if (nanos !== undefined && nanos % nanosPerUnit === 0n) return true;
  const path = `${containerPath(container)}.resources.${field}`;
  if (nanos === undefined) {
    report(path, `${shown(resource)} "${shown(text)}" is not a quantity.`, 'Write a whole number, such as 1.');
  } else {
    report(path, `${shown(resource)} ${shown(text)} is not a whole number.`, `Ask for ${wholeUnits(text) ?? 1}.`);
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
      `${shown(resource)} is a ResourceQuota key and gives the container nothing.`,
      `Write ${shown(meant)}.`,
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
      `${name} request is ${shown(request)} and limit is missing, but GPUs cannot be overcommitted.`,
      `Set the limit to ${shown(request)}.`,
    );
  } else if (parseQuantity(request) !== parseQuantity(limit)) {
    report(
      path,
      `${name} request is ${shown(request)} and limit is ${shown(limit)}, but GPUs cannot be overcommitted.`,
      'Set both to the same number.',
    );
  }
}

/** Kubernetes accepts only cpu, memory and hugepages for a whole pod. */
function judgeWholePod({ podLimits, podRequests }: Pod, report: Report): void {
  judgeOfPod('limits', podLimits, report);
  judgeOfPod('requests', podRequests, report);
}

function judgeOfPod(field: Field, resources: ResourceList, report: Report): void {
  for (const resource in resources) {
    if (!resource.includes(gpuResourcePrefix)) continue;
    report(
      `spec.resources.${field}`,
      `${shown(resource)} cannot be requested for a whole pod.`,
      'Move it to the container that uses it.',
    );
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
  summary: 'GPU requests are whole numbers, and limits equal requests.',
  settings: 'gpu',
  fields: 'spec.containers[*].resources, spec.initContainers[*].resources, spec.resources',
  compile(spec) {
    if (spec.gpu === undefined) return undefined;
    return ({ pod }) => {
      if (pod === undefined) return noViolations;
      let violations: Violation[] | undefined;
      const report: Report = (path, reason, advice) => (violations ??= []).push({ rule: id, path, reason, advice });
      judgeWholePod(pod, report);
      judgeContainers(pod, report);
      return violations ?? noViolations;
    };
  },
};
