/**
 * Fields looked at: metadata.annotations[mps.nvidia.com/threads] and [mps.nvidia.com/vram], the pod's GPU demand
 * Values allowed:   threads: an integer from 1 to 100, in percent; vram: an integer followed by G or M; both only on a
 *                   pod that asks for a shared GPU
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
    reason: 'No effect on a pod without a shared GPU.',
    advice: 'Ask for nvidia.com/gpu.shared, or remove the annotation.',
  };
}

type Grammar = { readonly form: string; readonly example: string };

function malformed(annotation: string, value: string, { form, example }: Grammar): Violation {
  return {
    rule: id,
    path: `metadata.annotations[${annotation}]`,
    reason: `"${shown(value)}" is not ${form}.`,
    advice: `Write ${example}.`,
  };
}

export const mpsAnnotations: Rule = {
  id,
  summary: 'MPS annotations have values that MPS accepts, and are on pods with a shared GPU.',
  settings: 'mps',
  fields: 'metadata.annotations',
  compile(spec) {
    if (spec.mps === undefined) return undefined;
    const threadsGrammar: Grammar = {
      form: 'an integer from 1 to 100',
      example: `a percentage such as ${spec.mps.threads ?? exampleThreads}`,
    };
    const vramGrammar: Grammar = {
      form: 'an integer followed by G or M',
      example: `an amount such as ${spec.mps.vram ?? exampleVram}`,
    };
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
        violations.push(malformed(mpsThreadsAnnotation, threads, threadsGrammar));
      }
      if (vram !== undefined && parseMpsVram(vram) === undefined) {
        violations.push(malformed(mpsVramAnnotation, vram, vramGrammar));
      }
      return violations;
    };
  },
};
