import type { WorkloadPolicySpec } from '../api/workload-policy.ts';
import type { Pod } from '../workload/pod.ts';
import type { Mutate, Subject } from './mutation.ts';
import { PodDraft, type Operation } from './pod-draft.ts';
import { mutations } from './registry.ts';

export type { Operation } from './pod-draft.ts';

export type CompiledMutation = { readonly id: string; readonly mutate: Mutate };

/** The mutations that a policy uses, in the order in which they run. */
export function compileMutations(spec: WorkloadPolicySpec): readonly CompiledMutation[] {
  return mutations.flatMap(({ id, compile }) => {
    const mutate = compile(spec);
    return mutate === undefined ? [] : [{ id, mutate }];
  });
}

export type Mutated = {
  readonly patch: readonly Operation[];
  /** Ids of the mutations that changed something, each once. */
  readonly applied: readonly string[];
};

/**
 * Runs mutations, of one policy or of several in order of their names, over one draft. A mutation of all policies
 * runs before the next one of any: a GPU that the last policy gives by default must be there when the first labels
 * the pod, or else a second run would change what the first made. The first policy to set a value still wins.
 */
export function applyMutations(pod: Pod, compiled: readonly CompiledMutation[], context: Subject): Mutated {
  const draft = new PodDraft(pod);
  const applied: string[] = [];
  for (const { id, mutate } of inOrder(compiled)) {
    const before = draft.changes;
    mutate(draft, context);
    if (draft.changes > before && !applied.includes(id)) applied.push(id);
  }
  return { patch: draft.patch, applied };
}

const ranks: ReadonlyMap<string, number> = new Map(mutations.map(({ id }, index) => [id, index]));

function rankOf({ id }: CompiledMutation): number {
  return ranks.get(id) ?? mutations.length;
}

/** Those of one policy are in order already. */
function inOrder(compiled: readonly CompiledMutation[]): readonly CompiledMutation[] {
  let highest = 0;
  for (const each of compiled) {
    const rank = rankOf(each);
    if (rank < highest) return compiled.toSorted((a, b) => rankOf(a) - rankOf(b));
    highest = rank;
  }
  return compiled;
}
