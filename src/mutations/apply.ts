import jsonPatch from 'fast-json-patch';
import type { WorkloadPolicySpec } from '../api/workload-policy.ts';
import type { Pod } from '../workload/pod.ts';
import { deviceVoid } from './device-void.ts';
import { gpuModeLabel } from './gpu-mode-label.ts';
import { mpsAnnotations } from './mps-annotations.ts';
import { mpsEnvironmentVariables } from './mps-environment.ts';
import type { Mutate, Mutation, Subject } from './mutation.ts';
import { PodDraft, type Operation } from './pod-draft.ts';
import { resourceDefaults } from './resource-defaults.ts';
import { standardLabels } from './standard-labels.ts';

export type { Operation } from './pod-draft.ts';

/** In the order in which they run: first what asks for GPUs, then what follows from that, the environment last. */
export const mutations: readonly Mutation[] = [
  standardLabels,
  resourceDefaults,
  gpuModeLabel,
  mpsAnnotations,
  mpsEnvironmentVariables,
  deviceVoid,
];

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
 * Runs the mutations of one policy, or of several in order of their names, on one draft. Each mutation runs for all
 * policies before the next one: a GPU that the last policy sets by default must be there before the first one labels the
 * pod, or a second run would change the result of the first. The first policy to set a value still wins.
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

/** The mutations of a single policy are already in order. */
function inOrder(compiled: readonly CompiledMutation[]): readonly CompiledMutation[] {
  let highest = 0;
  for (const each of compiled) {
    const rank = rankOf(each);
    if (rank < highest) return compiled.toSorted((a, b) => rankOf(a) - rankOf(b));
    highest = rank;
  }
  return compiled;
}

/**
 * Applies an RFC 6902 patch as the API server does, to a copy. Throws when the patch does not fit. The patch is copied
 * too, because an operation may write into a value that an earlier one added.
 */
export function applyPatch(object: unknown, patch: readonly Operation[]): unknown {
  return patch.length === 0 ? object : jsonPatch.applyPatch(object, structuredClone(patch), true, false).newDocument;
}
