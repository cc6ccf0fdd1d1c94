import { gpuModeLabelKey, podGpuMode } from '../workload/demand.ts';
import type { Mutation } from './mutation.ts';

export const gpuModeLabel: Mutation = {
  id: 'gpu-mode-label',
  summary: `Sets the label \`${gpuModeLabelKey}\` on pods that ask for GPUs: dedicated, shared, mig or mixed.`,
  settings: 'gpu.modeLabel',
  compile: (spec) => {
    if (spec.gpu?.modeLabel !== true) return undefined;
    return (draft) => {
      const mode = podGpuMode(draft.demand);
      if (mode !== undefined) draft.addLabel(gpuModeLabelKey, mode);
    };
  },
};
