import { applyPatch } from 'fast-json-patch';
import { workloadPolicySpec } from '../../src/api/workload-policy.ts';
import { applyMutations, compileMutations, type Mutated, type Operation } from '../../src/mutations/apply.ts';
import type { Subject } from '../../src/mutations/mutation.ts';
import { readPod } from '../../src/workload/read-pod.ts';

export const context: Subject = {
  user: { username: 'alice', groups: [] },
  namespace: 'proj-a',
  namespaceLabels: { 'project-id': 'a', 'odd/label': 'not a label value', empty: '' },
};

/** Applies policies with these settings to an object, in order. */
export function mutateObject(object: unknown, ...settings: readonly object[]): Mutated {
  const compiled = settings.flatMap((each) => compileMutations(workloadPolicySpec.parse(each)));
  return applyMutations(readPod(object), compiled, context);
}

export function patchOf(object: unknown, settings: object): readonly Operation[] {
  return mutateObject(object, settings).patch;
}

/** The object after a patch, by an independent implementation of RFC 6902. */
export function patched(object: unknown, patch: readonly Operation[]): unknown {
  const [document, operations] = JSON.parse(JSON.stringify([object, patch])) as [object, Operation[]];
  return applyPatch(document, operations, true).newDocument;
}
