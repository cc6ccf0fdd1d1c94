/**
 * Fields looked at: spec.containers[*] and spec.initContainers[*] .resources.limits and .requests, spec.resources.limits,
 *                   spec.overhead
 * Values allowed:   at most the devices in gpu.maxPerPod of each resource there, summed as Kubernetes sums a pod
 */
import type { Pod } from '../workload/pod.ts';
import { askedBy } from './asked-by.ts';
import { devicesOfPod } from './extended-demand.ts';
import { noViolations, type Rule, type Violation } from './rule.ts';

const id = 'gpu-max-per-pod';

function tooMany(pod: Pod, resource: string, devices: number, maximum: number): Violation {
  const { path, parts } = askedBy(pod, resource);
  return {
    rule: id,
    path,
    reason: `${devices} ${resource} requested, at most ${maximum} per pod, ${devices - maximum} over.`,
    ...(parts !== undefined && { detail: `Requested by: ${parts}.` }),
    advice: maximum === 0 ? 'Remove the request: this policy allows none.' : `Ask for ${maximum} or fewer.`,
    over: { limit: resource, excess: devices - maximum },
  };
}

export const gpuMaxPerPod: Rule = {
  id,
  summary: 'A pod asks for at most a given number of devices.',
  settings: 'gpu.maxPerPod',
  fields: 'spec.containers[*].resources, spec.initContainers[*].resources, spec.resources.limits, spec.overhead',
  compile(spec) {
    const limits = Object.entries(spec.gpu?.maxPerPod ?? {});
    if (limits.length === 0) return undefined;
    return ({ pod, demand }) => {
      if (pod === undefined) return noViolations;
      let violations: Violation[] | undefined;
      for (const [resource, maximum] of limits) {
        const devices = devicesOfPod(pod, demand, resource);
        if (devices > maximum) (violations ??= []).push(tooMany(pod, resource, devices, maximum));
      }
      return violations ?? noViolations;
    };
  },
};
