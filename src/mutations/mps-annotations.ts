import { asksForShared } from '../workload/demand.ts';
import { mpsThreadsAnnotation, mpsVramAnnotation } from '../workload/mps.ts';
import type { Mutation } from './mutation.ts';

export const mpsAnnotations: Mutation = {
  id: 'mps-annotations',
  summary: 'Sets the default MPS annotations on pods that ask for a shared GPU.',
  settings: 'mps.threads, mps.vram',
  compile: (spec) => {
    const { threads, vram } = spec.mps ?? {};
    if (threads === undefined && vram === undefined) return undefined;
    return (draft) => {
      if (!asksForShared(draft.demand)) return;
      if (threads !== undefined) draft.addAnnotation(mpsThreadsAnnotation, String(threads));
      if (vram !== undefined) draft.addAnnotation(mpsVramAnnotation, vram);
    };
  },
};
