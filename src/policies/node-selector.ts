import type { NodeFacts } from '../workload/cluster-facts.ts';
import { ownValue, type Labels } from '../workload/pod.ts';

/** Whether the node carries every label of a `spec.nodeSelector`. */
export function isSelected(node: NodeFacts, selector: Labels): boolean {
  for (const key in selector) if (ownValue(node.labels, key) !== selector[key]) return false;
  return true;
}
