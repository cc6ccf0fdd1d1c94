import { ownValue, type Pod } from '../workload/pod.ts';
import type { Mutation, Subject } from './mutation.ts';

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
const labelValue = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** A part of a label's value. Undefined when its source is absent. */
type Piece = (pod: Pod, context: Subject) => string | undefined;

const namespaceLabel = /^namespace\.labels\.(.+)$/;

export const standardLabels: Mutation = {
  id: 'standard-labels',
  summary: 'Sets labels on pods from constants, the namespace, its labels, or the name of the controller.',
  settings: 'labels.set',
  compile: (spec) => {
    const labels = Object.entries(spec.labels?.set ?? {}).map(([key, text]) => [key, compileTemplate(text)] as const);
    if (labels.length === 0) return undefined;
    return (draft, context) => {
      for (const [key, render] of labels) {
        if (Object.hasOwn(draft.pod.meta.labels, key)) continue;
        const value = render(draft.pod, context);
        if (value !== undefined) draft.addLabel(key, value);
      }
    };
  },
};

/** The value, or undefined when a source is absent or the result is not a valid label value. Then nothing is set. */
function compileTemplate(text: string): Piece {
  const pieces = text
    .split(/(\{[^{}]*\})/)
    .filter((piece) => piece !== '')
    .map((piece) => (piece.startsWith('{') ? compileSource(piece.slice(1, -1)) : () => piece));
  return (pod, context) => {
    let value = '';
    for (const piece of pieces) {
      const part = piece(pod, context);
      if (part === undefined) return undefined;
      value += part;
    }
    return labelValue.test(value) ? value : undefined;
  };
}

function compileSource(source: string): Piece {
  if (source === 'namespace') return (_, context) => (context.namespace === '' ? undefined : context.namespace);
  if (source === 'controller.name') return (pod) => pod.meta.controller?.name;
  const key = namespaceLabel.exec(source)?.[1];
  return (_, context) => (key === undefined ? undefined : ownValue(context.namespaceLabels, key));
}
