import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PodDraft } from '../../src/mutations/pod-draft.ts';
import type { Container } from '../../src/workload/pod.ts';
import { readPod } from '../../src/workload/read-pod.ts';
import { arbitraryPod, resourceNames } from '../workload/arbitrary-pod.ts';
import { patched } from './mutate-object.ts';

type Change = (draft: PodDraft, container: Container | undefined) => void;

const text = fc.constantFrom('x', 'y', '');
const key = fc.constantFrom('a', 'a/b', 'a~1b', '~', '/', 'a%2Fb', 'constructor', 'toString', '');
const resource = fc.constantFrom(...resourceNames);
const variable = fc.constantFrom('PATH', 'NVIDIA_VISIBLE_DEVICES', 'NEW');

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(key, text).map<Change>(
    ([name, value]) =>
      (draft) =>
        draft.addLabel(name, value),
  ),
  fc.tuple(key, text).map<Change>(
    ([name, value]) =>
      (draft) =>
        draft.addAnnotation(name, value),
  ),
  resource.map<Change>((name) => (draft, container) => container && draft.addRequest(container, name, '1')),
  resource.map<Change>((name) => (draft, container) => container && draft.addLimit(container, name, '2')),
  fc.tuple(variable, text).map<Change>(
    ([name, value]) =>
      (draft, container) =>
        container && draft.setEnv(container, name, value),
  ),
);

const changes = fc.array(fc.tuple(change, fc.nat()), { maxLength: 20 });

test('whatever changes, the draft equals the object with its patch applied', () => {
  fc.assert(
    fc.property(arbitraryPod, changes, (object, list) => {
      const original = readPod(object);
      const draft = new PodDraft(original);
      for (const [apply, place] of list) {
        // The pod as it was read: code that changes a draft may hold containers from before the change.
        const { initContainers, containers } = place % 2 === 0 ? original : draft.pod;
        const all = [...initContainers, ...containers];
        apply(draft, all[place % Math.max(1, all.length)]);
      }
      expect(readPod(patched(object, draft.patch))).toEqual(draft.pod);
      expect(original).toEqual(readPod(object));
      expect(draft.changes > 0).toBe(draft.patch.length > 0);
    }),
    { numRuns: 1000 },
  );
});

test('a draft without changes is the pod itself', () => {
  const pod = readPod({
    metadata: { labels: { a: 'b' } },
    spec: { containers: [{ env: [{ name: 'A', value: 'b' }] }] },
  });
  const draft = new PodDraft(pod);
  draft.addLabel('a', 'c');
  const [container] = pod.containers;
  if (container !== undefined) draft.setEnv(container, 'A', 'b');
  expect([draft.pod === pod, draft.patch, draft.changes]).toEqual([true, [], 0]);
});

test('the demand follows a default that adds a GPU', () => {
  const draft = new PodDraft(readPod({ spec: { containers: [{}] } }));
  expect(draft.demand.size).toBe(0);
  const [container] = draft.pod.containers;
  if (container !== undefined) draft.addLimit(container, 'nvidia.com/gpu', '2');
  expect(draft.demand).toEqual(new Map([['nvidia.com/gpu', 2]]));
});

test('keys are escaped in pointers, and a map that the patch adds is added once', () => {
  const draft = new PodDraft(readPod({ metadata: { labels: {} }, spec: {} }));
  for (const name of ['a/b', 'c~d', '~1', '%2F']) {
    draft.addLabel(name, 'x');
    draft.addAnnotation(name, 'y');
  }
  expect(draft.patch).toEqual([
    { op: 'add', path: '/metadata/labels/a~1b', value: 'x' },
    { op: 'add', path: '/metadata/annotations', value: { 'a/b': 'y', 'c~d': 'y', '~1': 'y', '%2F': 'y' } },
    { op: 'add', path: '/metadata/labels/c~0d', value: 'x' },
    { op: 'add', path: '/metadata/labels/~01', value: 'x' },
    { op: 'add', path: '/metadata/labels/%2F', value: 'x' },
  ]);
});
