import { describe, expect, test } from 'vitest';
import { patchOf } from './mutate-object.ts';

const owned = (name: string) => ({ labels: {}, ownerReferences: [{ kind: 'Job', name, controller: true }] });
const add = (path: string, value: unknown) => ({ op: 'add', path, value });

const labels: Readonly<Record<string, readonly [metadata: object | null, set: object, patch: readonly object[]]>> = {
  'a constant is added to existing labels': [
    { labels: { b: 'c' } },
    { 'app.kubernetes.io/managed-by': 'platform' },
    [add('/metadata/labels/app.kubernetes.io~1managed-by', 'platform')],
  ],
  'missing labels are added as one map': [{}, { a: '1', b: '2' }, [add('/metadata/labels', { a: '1', b: '2' })]],
  'labels that are null count as missing': [{ labels: null }, { a: '1' }, [add('/metadata/labels', { a: '1' })]],
  'missing metadata is added with the labels': [
    null,
    { a: '1', b: '2' },
    [add('/metadata', { labels: { a: '1', b: '2' } })],
  ],
  'an existing label stays, even if it is empty or null': [
    { labels: { a: 'x', b: '', c: null } },
    { a: '1', b: '1', c: '1' },
    [],
  ],
  'the namespace': [{ labels: {} }, { ns: 'of-{namespace}' }, [add('/metadata/labels/ns', 'of-proj-a')]],
  'a label of the namespace': [
    { labels: {} },
    { 'project-id': '{namespace.labels.project-id}' },
    [add('/metadata/labels/project-id', 'a')],
  ],
  'an empty label of the namespace': [
    { labels: {} },
    { x: '{namespace.labels.empty}' },
    [add('/metadata/labels/x', '')],
  ],
  'no label of the namespace, no label': [{ labels: {} }, { x: 'x{namespace.labels.other}' }, []],
  'a key that every JavaScript object has is not a label of the namespace': [
    { labels: {} },
    { x: '{namespace.labels.constructor}', constructor: 'y' },
    [add('/metadata/labels/constructor', 'y')],
  ],
  'an invalid label value is not set': [{ labels: {} }, { x: '{namespace.labels.odd/label}', y: '-y', z: 'z_' }, []],
  'the name of the controller': [
    owned('job-7'),
    { name: '{controller.name}', both: '{namespace}.{controller.name}' },
    [add('/metadata/labels/name', 'job-7'), add('/metadata/labels/both', 'proj-a.job-7')],
  ],
  'no controller, no label': [{ labels: {} }, { name: '{controller.name}' }, []],
  'a name of 63 characters fits': [
    owned('x'.repeat(63)),
    { name: '{controller.name}' },
    [add('/metadata/labels/name', 'x'.repeat(63))],
  ],
  'a name of 64 characters does not': [owned('x'.repeat(64)), { name: '{controller.name}' }, []],
};

describe('standard-labels', () => {
  test.each(Object.entries(labels))('%s', (_, [metadata, set, patch]) => {
    expect(patchOf({ metadata, spec: {} }, { labels: { set } })).toEqual(patch);
  });
});
