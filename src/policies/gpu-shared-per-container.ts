/**
 * Fields looked at: spec.containers[*] and spec.initContainers[*] .resources.limits of nvidia.com/ names that end in .shared
 * Values allowed:   at most gpu.sharedPerContainer
 */
import { gpuMode } from '../workload/demand.ts';
import { containerPath, resourceContainers, type Container } from '../workload/pod.ts';
import { wholeUnits } from '../workload/quantity.ts';
import { shown } from '../text/printable.ts';
import { noViolations, type Rule, type Violation } from './rule.ts';

const id = 'gpu-shared-per-container';

function tooManyShared(
  container: Container,
  resource: string,
  text: string,
  devices: number,
  maximum: number,
): Violation {
  const path = `${containerPath(container)}.resources.limits`;
  return {
    rule: id,
    path,
    // k8s-device-plugin, failRequestsGreaterThanOne: otherwise the container fails later, with UnexpectedAdmissionError.
    reason: `${shown(text)} ${shown(resource)} requested, at most ${maximum} per container, ${devices - maximum} over.`,
    detail: 'More shares give the container no larger part of a GPU.',
    advice: `Ask for ${maximum}${maximum > 1 ? ' or fewer' : ''}, or for a whole GPU.`,
    over: { limit: `${path} ${resource}`, excess: devices - maximum },
  };
}

export const gpuSharedPerContainer: Rule = {
  id,
  summary: 'A container asks for at most a given number of shared GPUs.',
  settings: 'gpu.sharedPerContainer',
  fields: 'spec.containers[*].resources.limits, spec.initContainers[*].resources.limits',
  compile(spec) {
    if (spec.gpu === undefined) return undefined;
    const maximum = spec.gpu.sharedPerContainer;
    return ({ pod, demand }) => {
      if (pod === undefined || demand.size === 0) return noViolations;
      let violations: Violation[] | undefined;
      for (const container of resourceContainers(pod)) {
        for (const [resource, text] of Object.entries(container.limits)) {
          const devices = gpuMode(resource) === 'shared' ? (wholeUnits(text) ?? 0) : 0;
          if (devices > maximum) {
            (violations ??= []).push(tooManyShared(container, resource, text, devices, maximum));
          }
        }
      }
      return violations ?? noViolations;
    };
  },
};
