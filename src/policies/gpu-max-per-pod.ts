/**
 * Fields looked at: spec.containers[*] and spec.initContainers[*] .resources.limits and .requests, spec.resources.limits,
 *                   spec.overhead
 * Values allowed:   for each resource of gpu.maxPerPod at most that many devices, by Kubernetes' own pod arithmetic
 */
import type { Pod } from '../workload/pod.ts';
import { askedBy } from './asked-by.ts';
import { devicesOfPod } from './extended-demand.ts';
import { noViolations, type Rule, type Violation } from './rule.ts';

const id = 'gpu-max-per-pod';

function tooMany(pod: Pod, resource: string, devices: number, maximum: number): Violation {
  const { path, detail } = askedBy(pod, resource);
  const advice = maximum === 0 ? 'This policy allows none: remove it.' : `Ask for ${maximum} or fewer.`;
  return {
    rule: id,
    path,
    reason: `${resource} requested ${devices}, maximum ${maximum} per pod, over by ${devices - maximum}. ${advice}`,
    ...(detail !== undefined && { detail }),
    over: { limit: resource, excess: devices - maximum },
  };
}

export const gpuMaxPerPod: Rule = {
  id,
  summary: 'One pod asks for at most so many devices.',
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
