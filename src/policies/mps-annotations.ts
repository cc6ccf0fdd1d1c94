/**
 * Fields looked at: metadata.annotations[mps.nvidia.com/threads] and [mps.nvidia.com/vram], the pod's GPU demand
 * Values allowed:   threads an integer from 1 to 100, in percent; vram an integer with G or M; both only on a pod that
 *                   asks for a shared GPU
 */
import { asksForShared } from '../workload/demand.ts';
import { mpsThreadsAnnotation, mpsVramAnnotation, parseMpsThreads, parseMpsVram } from '../workload/mps.ts';
import { ownValue } from '../workload/pod.ts';
import { shown } from '../text/printable.ts';
import { noViolations, type Rule, type Violation } from './rule.ts';

const id = 'mps-annotations';

const exampleThreads = 50;
const exampleVram = '8000M';

function withoutEffect(annotation: string): Violation {
  return {
    rule: id,
    path: `metadata.annotations[${annotation}]`,
    reason: `${annotation} has no effect on a pod without a shared GPU. Ask for nvidia.com/gpu.shared, or remove the annotation.`,
  };
}

function offGrammar(annotation: string, value: string, grammar: string): Violation {
  return {
    rule: id,
    path: `metadata.annotations[${annotation}]`,
    reason: `${annotation} "${shown(value)}" is not ${grammar}.`,
  };
}

export const mpsAnnotations: Rule = {
  id,
  summary: 'MPS annotations are in the grammar of MPS, and on pods with a shared GPU.',
  settings: 'mps',
  fields: 'metadata.annotations',
  compile(spec) {
    if (spec.mps === undefined) return undefined;
    const threadsGrammar = `an integer from 1 to 100. Write a percentage such as ${spec.mps.threads ?? exampleThreads}`;
    const vramGrammar = `an integer with G or M. Write an amount such as ${spec.mps.vram ?? exampleVram}`;
    return ({ pod, meta, demand }) => {
      const threads = ownValue(meta.annotations, mpsThreadsAnnotation);
      const vram = ownValue(meta.annotations, mpsVramAnnotation);
      if (pod === undefined || (threads === undefined && vram === undefined)) return noViolations;
      const violations: Violation[] = [];
      if (!asksForShared(demand)) {
        if (threads !== undefined) violations.push(withoutEffect(mpsThreadsAnnotation));
        if (vram !== undefined) violations.push(withoutEffect(mpsVramAnnotation));
        return violations;
      }
      if (threads !== undefined && parseMpsThreads(threads) === undefined) {
        violations.push(offGrammar(mpsThreadsAnnotation, threads, threadsGrammar));
      }
      if (vram !== undefined && parseMpsVram(vram) === undefined) {
        violations.push(offGrammar(mpsVramAnnotation, vram, vramGrammar));
      }
      return violations;
    };
  },
};
