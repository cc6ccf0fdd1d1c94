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
  const name = shown(resource);
  const path = `${containerPath(container)}.resources.limits`;
  return {
    rule: id,
    path,
    // k8s-device-plugin, failRequestsGreaterThanOne: the container would only fail later, with UnexpectedAdmissionError.
    reason:
      `${name} requested ${shown(text)}, maximum ${maximum} per container. ` +
      `Several replicas of one GPU give no larger share of it: ask for ${maximum}${maximum > 1 ? ' or fewer' : ''}, or for a whole GPU.`,
    over: { limit: `${path} ${resource}`, excess: devices - maximum },
  };
}

export const gpuSharedPerContainer: Rule = {
  id,
  summary: 'One container asks for at most so many shared devices.',
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
