import { asksForShared, sharedDevicesOf } from '../workload/demand.ts';
import { mpsEnvironment, mpsThreadsAnnotation, mpsVramAnnotation } from '../workload/mps.ts';
import { ownValue, resourceContainers } from '../workload/pod.ts';
import type { Mutation } from './mutation.ts';

/**
 * Overwrites what the user set, which only this mutation and device-void do: the annotations are what was admitted and
 * charged, and the environment is only how they take effect. Malformed annotations inject nothing, and the rule
 * mps-annotations refuses them.
 */
export const mpsEnvironmentVariables: Mutation = {
  id: 'mps-environment',
  summary: 'Sets the environment that makes the MPS annotations take effect, on containers with a shared GPU.',
  settings: 'mps.injectEnvironment',
  compile: (spec) => {
    if (spec.mps?.injectEnvironment !== true) return undefined;
    return (draft) => {
      if (!asksForShared(draft.demand)) return;
      const { annotations } = draft.pod.meta;
      const threads = ownValue(annotations, mpsThreadsAnnotation);
      const vram = ownValue(annotations, mpsVramAnnotation);
      for (const container of resourceContainers(draft.pod)) {
        const devices = sharedDevicesOf(container);
        if (devices === 0) continue;
        for (const { name, value } of mpsEnvironment(threads, vram, devices)) draft.setEnv(container, name, value);
      }
    };
  },
};
