import { deviceAccess } from './device-access.ts';
import { gpuMaxPerPod } from './gpu-max-per-pod.ts';
import { gpuMixed } from './gpu-mixed.ts';
import { gpuQuantity } from './gpu-quantity.ts';
import { gpuSharedPerContainer } from './gpu-shared-per-container.ts';
import { mpsAnnotations } from './mps-annotations.ts';
import { mpsNodeLimit } from './mps-node-limit.ts';
import { mutationSurvived } from './mutation-survived.ts';
import { nodeFit } from './node-fit.ts';
import { requiredLabels } from './required-labels.ts';
import { resourceKnown } from './resource-known.ts';
import { resourceMaximum } from './resource-maximum.ts';
import { resourceName } from './resource-name.ts';
import type { Rule } from './rule.ts';

/** Every rule, in the order of a denial: who the object is, what it asks for, and how. */
export const rules: readonly Rule[] = [
  resourceName,
  requiredLabels,
  resourceMaximum,
  gpuMaxPerPod,
  gpuMixed,
  gpuSharedPerContainer,
  gpuQuantity,
  resourceKnown,
  nodeFit,
  mpsAnnotations,
  mpsNodeLimit,
  deviceAccess,
  mutationSurvived,
];

export const ruleIds: readonly string[] = rules.map((rule) => rule.id);
