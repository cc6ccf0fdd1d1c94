/**
 * Fields looked at: what the policy's mutations write: labels, annotations, resources, environment
 * Values allowed:   what the mutations leave, so that applying them again changes nothing; for the label
 *                   gpugate.dev/gpu-mode, which mutations do not overwrite, only the mode of the GPUs the pod asks for
 */
import { gpuModeLabelKey, podGpuMode } from '../workload/demand.ts';
import { ownValue } from '../workload/pod.ts';
import { shown, shownList } from '../text/printable.ts';
import { noViolations, type Facts, type Rule, type Violation } from './rule.ts';

const id = 'mutation-survived';

/** `/spec/containers/0/env/-` -> `spec.containers[0].env`, the form that Kubernetes prints. */
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
  summary: 'The pod still has what the mutating webhook set, and the right GPU mode label.',
  settings: 'labels.set, resources.requests, resources.limits, gpu.modeLabel, gpu.deviceAccess, mps',
  fields: 'every field that a mutation writes',
  // The mutating webhook fails open by design, so a pod without its defaults gets a warning and no denial.
  ceiling: () => 'Warn',
  compile(spec) {
    const setsMode = spec.gpu?.modeLabel === true;
    return (facts) => {
      // Pods are mutated only when they are created.
      if (facts.pod === undefined || facts.operation !== 'CREATE') return noViolations;
      const pointers = facts.unmutated();
      const wrong = setsMode ? wrongMode(facts) : undefined;
      if (pointers.length === 0) return wrong === undefined ? noViolations : [wrong];
      return wrong === undefined ? [undone(pointers)] : [undone(pointers), wrong];
    };
  },
};

function undone(pointers: readonly string[]): Violation {
  const fields = [...new Set(pointers.map(fieldPath))];
  return {
    rule: id,
    path: '',
    reason: `${fields.length === 1 ? '1 field lacks' : `${fields.length} fields lack`} what gpugate sets on new pods: its webhook was skipped, or another one undid it.`,
    detail: `Fields: ${shownList(fields)}.`,
    advice: 'Create the pod again, or ask the cluster admin.',
  };
}

function wrongMode({ meta, demand }: Facts): Violation | undefined {
  const label = ownValue(meta.labels, gpuModeLabelKey);
  const mode = podGpuMode(demand);
  if (label === undefined || label === mode) return undefined;
  return {
    rule: id,
    path: `metadata.labels[${gpuModeLabelKey}]`,
    reason: `"${shown(label)}" is wrong: this pod has ${mode === undefined ? 'no GPU mode' : `the GPU mode ${mode}`}.`,
    advice: mode === undefined ? 'Remove the label.' : 'Remove the label: gpugate sets the right one.',
  };
}
