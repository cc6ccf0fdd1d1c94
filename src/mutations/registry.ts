import { deviceVoid } from './device-void.ts';
import { gpuModeLabel } from './gpu-mode-label.ts';
import { mpsAnnotations } from './mps-annotations.ts';
import { mpsEnvironmentVariables } from './mps-environment.ts';
import type { Mutation } from './mutation.ts';
import { resourceDefaults } from './resource-defaults.ts';
import { standardLabels } from './standard-labels.ts';

/** In the order in which they run: what asks for GPUs first, then what follows from that, environment last. */
export const mutations: readonly Mutation[] = [
  standardLabels,
  resourceDefaults,
  gpuModeLabel,
  mpsAnnotations,
  mpsEnvironmentVariables,
  deviceVoid,
];
