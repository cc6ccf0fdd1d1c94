/**
 * Fields looked at: spec.containers[*] and spec.initContainers[*] .resources.limits and .requests, spec.overhead
 * Values allowed:   GPUs of one mode per pod: dedicated (nvidia.com/gpu), shared (*.shared) or MIG (nvidia.com/mig-*,
 *                   also several profiles); any mix when gpu.allowMixed is set
 */
import { devicesOf, gpuMode, podGpuMode, type Demand } from '../workload/demand.ts';
import { containerPath, resourceContainers, type Container, type Pod } from '../workload/pod.ts';
import { shown, shownList } from '../text/printable.ts';
import { noViolations, type Rule, type Violation } from './rule.ts';

const id = 'gpu-mixed';

/** The first resource of each mode, and the field in which the second mode joins the first. */
function mixture(pod: Pod, demand: Demand): Violation {
  const found = new Map<string, { readonly resource: string; readonly field: string }>();
  const find = (container: Container, resource: string, field: 'limits' | 'requests'): void => {
    const mode = gpuMode(resource);
    if (mode === undefined || found.has(mode) || !demand.has(resource) || devicesOf(container, resource) === 0) return;
    found.set(mode, { resource, field: `${containerPath(container)}.resources.${field}` });
  };
  for (const container of resourceContainers(pod)) {
    for (const resource in container.limits) find(container, resource, 'limits');
    for (const resource in container.requests) {
      if (!Object.hasOwn(container.limits, resource)) find(container, resource, 'requests');
    }
  }
  // A resource that no container asks for comes from the overhead of the runtime class.
  for (const resource of demand.keys()) {
    const mode = gpuMode(resource);
    if (mode !== undefined && !found.has(mode)) found.set(mode, { resource, field: 'spec.overhead' });
  }
  const modes = [...found.values()];
  const path = modes[1]?.field ?? 'spec';
  const elsewhere = modes.filter(({ field }) => field !== path);
  return {
    rule: id,
    path,
    reason: `${shownList(modes.map(({ resource }) => resource))} in one pod.`,
    ...(elsewhere.length > 0 && {
      detail: `See also: ${elsewhere.map(({ resource, field }) => `${shown(resource)} in ${field}`).join(', ')}.`,
    }),
    advice: 'Ask for one of them.',
  };
}

export const gpuMixed: Rule = {
  id,
  summary: 'A pod asks for dedicated, shared or MIG GPUs, but not for a mix of them.',
  settings: 'gpu.allowMixed',
  fields: 'spec.containers[*].resources, spec.initContainers[*].resources, spec.overhead',
  compile(spec) {
    if (spec.gpu === undefined || spec.gpu.allowMixed) return undefined;
    return ({ pod, demand }) =>
      pod === undefined || podGpuMode(demand) !== 'mixed' ? noViolations : [mixture(pod, demand)];
  },
};
