/**
 * Fields looked at: those that the policy's mutations write: labels, annotations, resources, environment
 * Values allowed:   what the mutations leave, so that applying them once more changes nothing; as the label
 *                   gpugate.dev/gpu-mode, which stays as the user wrote it, only the mode of the pod's demand
 */
import { gpuModeLabelKey, podGpuMode } from '../workload/demand.ts';
import { ownValue } from '../workload/pod.ts';
import { shown, shownList } from '../text/printable.ts';
import { noViolations, type Facts, type Rule, type Violation } from './rule.ts';

const id = 'mutation-survived';

/** `/spec/containers/0/env/-` -> `spec.containers[0].env`: as users know fields from other messages. */
function fieldPath(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, token) => {
      if (token === '-') return path;
      if (/^[0-9]+$/.test(token) || !/^[A-Za-z]+$/.test(token)) return `${path}[${token}]`;
      return path === '' ? token : `${path}.${token}`;
    }, '');
}

export const mutationSurvived: Rule = {
  id,
  summary: 'What the mutating webhook sets is still there when the pod is validated, and the GPU mode label is right.',
  settings: 'labels.set, resources.requests, resources.limits, gpu.modeLabel, gpu.deviceAccess, mps',
  fields: 'every field that a mutation writes',
  // The mutating webhook fails open by design, so that a pod without its defaults is a hint, not a crime.
  ceiling: () => 'Warn',
  compile(spec) {
    const setsMode = spec.gpu?.modeLabel === true;
    return (facts) => {
      // Pods are mutated when they are created, and never again.
      if (facts.pod === undefined || facts.operation !== 'CREATE') return noViolations;
      const pointers = facts.unmutated();
      const wrongMode = setsMode ? contradiction(facts) : undefined;
      if (pointers.length === 0) return wrongMode === undefined ? noViolations : [wrongMode];
      return wrongMode === undefined ? [undone(pointers)] : [undone(pointers), wrongMode];
    };
  },
};

function undone(pointers: readonly string[]): Violation {
  const fields = [...new Set(pointers.map(fieldPath))];
  return {
    rule: id,
    path: '',
    reason: `The mutating webhook would still change ${fields.length} ${fields.length === 1 ? 'field' : 'fields'}: it was skipped, or undone by another webhook. Create the pod again, or ask the cluster admin.`,
    detail: shownList(fields),
  };
}

function contradiction({ meta, demand }: Facts): Violation | undefined {
  const label = ownValue(meta.labels, gpuModeLabelKey);
  const mode = podGpuMode(demand);
  if (label === undefined || label === mode) return undefined;
  return {
    rule: id,
    path: `metadata.labels[${gpuModeLabelKey}]`,
    reason: `Label ${gpuModeLabelKey} "${shown(label)}" contradicts the demand of the pod, ${mode === undefined ? 'which has no GPU mode' : `whose mode is ${mode}`}. Remove the label${mode === undefined ? '' : ': it is set by itself'}.`,
  };
}
