import { describe, expect, test } from 'vitest';
import { Interner } from '../../../src/workload/interner.ts';
import {
  isSameNamespace,
  isSameNode,
  projectNamespace,
  projectNode,
  projectPod,
} from '../../../src/cluster/view/projections.ts';
import { orUndefined } from '../../../src/cluster/watch/resource-feed.ts';
import { shapeOf } from '../../../src/cluster/protobuf/shape.ts';
import type { PlainObject } from '../../../src/api/plain-object.ts';
import { podFields } from '../../../src/workload/object-fields.ts';
import { pick } from '../protobuf/pick.ts';
import { fullObject, placesOf, without } from '../../workload/full-object.ts';
import { isSamePod } from '../../../src/quota/rules/pod-record.ts';
import { MalformedObject } from '../../../src/workload/malformed-object.ts';

const node = (labels: Record<string, string>, allocatable: Record<string, string> = {}) => ({
  metadata: { name: 'n1', labels },
  status: { allocatable },
});
const interner = new Interner();
const n1 = projectNode(node({ 'nvidia.com/gpu.memory': '81920' }), interner);
const projection = {
  interner,
  labelKeys: new Set(['team']),
  node: (name: string) => (name === 'n1' ? n1 : undefined),
  largest: () => new Map([['nvidia.com/gpu', 143_360]]),
};

type Extra = { phase?: string; nodeName?: string; labels?: unknown; annotations?: unknown; gpus?: unknown };

const pod = ({ phase = 'Running', nodeName, labels, annotations, gpus = 1 }: Extra = {}) => ({
  metadata: { name: 'p', namespace: 'a', uid: 'u', labels, annotations, managedFields: [{}] },
  spec: { nodeName, containers: [{ name: 'c', resources: { limits: { 'nvidia.com/gpu': gpus } } }] },
  status: { phase },
});

describe('of a pod', () => {
  test('is kept who it is, where it runs, whose it is, what it asks for, and the labels that quotas group by', () => {
    const labels = { team: 'blue', other: 'x' };
    const annotations = { 'gpugate.dev/submitted-by': 'alice', note: 'long' };
    expect(projectPod(pod({ nodeName: 'n1', labels, annotations, gpus: '2' }), projection)).toEqual({
      uid: 'u',
      namespace: 'a',
      name: 'p',
      node: 'n1',
      user: 'alice',
      labels: { team: 'blue' },
      demand: new Map([['nvidia.com/gpu', 2]]),
      memoryMiB: 2 * 81_920,
      version: 0,
    });
  });

  test('nothing is kept that it does not say', () => {
    expect(projectPod(pod({ labels: null }), projection)).toEqual({
      uid: 'u',
      namespace: 'a',
      name: 'p',
      node: '',
      user: '',
      labels: {},
      demand: new Map([['nvidia.com/gpu', 1]]),
      memoryMiB: 143_360,
      version: 0,
    });
  });

  test.each([
    ['that asks for no GPU', pod({ gpus: '0' })],
    ['that succeeded', pod({ phase: 'Succeeded' })],
    ['that failed', pod({ phase: 'Failed' })],
  ])('nothing at all is kept %s', (_, raw) => {
    expect(projectPod(raw, projection)).toBeUndefined();
  });

  test.each(['Pending', 'Running', 'Unknown', ''])('the demand counts in phase %o', (phase) => {
    expect(projectPod(pod({ phase }), projection)).toBeDefined();
  });

  test('two projections are the same when nothing differs that is kept', () => {
    const project = (extra: Extra) => projectPod(pod(extra), projection);
    const isSame = (a: Extra, b: Extra) => isSamePod(project(a) ?? never(), project(b) ?? never());
    expect(isSame({ labels: { team: 'a', x: '1' } }, { labels: { x: '2', team: 'a' }, phase: 'Pending' })).toBe(true);
    for (const other of [
      { nodeName: 'n1' },
      { labels: { team: 'a' } },
      { annotations: { 'gpugate.dev/submitted-by': 'b' } },
      { gpus: 2 },
    ]) {
      expect(isSame({}, other)).toBe(false);
    }
  });
});

describe('of a pod that came as protobuf', () => {
  const read = (raw: PlainObject) => projectPod(raw, projection);
  const full = fullObject(podFields);
  const shape = shapeOf(podFields);

  test('is kept what is kept of the whole', () => {
    expect(read(pick(full, shape))).toEqual(read(full));
    expect(read(full)).toMatchObject({ user: 'alice', labels: { team: 'blue' }, version: 7 });
  });

  test.each(placesOf(podFields).flatMap(({ path }) => (path === 'spec' ? [] : [path])))(
    'the same without %s',
    (path) => {
      const raw = without(full, path);
      expect(read(pick(raw, shape))).toEqual(read(raw));
    },
  );
});

describe('of a node', () => {
  test('are kept its labels and its extended resources', () => {
    const allocatable = { cpu: '64', 'nvidia.com/gpu': '8', 'hugepages-2Mi': '0', 'kubernetes.io/x': '1' };
    expect(projectNode(node({ zone: 'a' }, allocatable), interner)).toEqual({
      name: 'n1',
      labels: { zone: 'a' },
      allocatable: { 'nvidia.com/gpu': '8' },
    });
  });

  test('nothing is kept of a heartbeat', () => {
    const heartbeat = { ...node({ a: '1' }), status: { allocatable: {}, conditions: [{ lastHeartbeatTime: 'now' }] } };
    expect(isSameNode(projectNode(node({ a: '1' }), interner), projectNode(heartbeat, interner))).toBe(true);
  });

  test.each([
    ['a label is another', node({ a: '2' })],
    ['a label is gone', node({})],
    ['a label is new', node({ a: '1', b: '1' })],
    ['a device is gone', node({ a: '1' }, { 'nvidia.com/gpu': '1' })],
  ])('it is another when %s', (_, raw) => {
    expect(isSameNode(projectNode(node({ a: '1' }), interner), projectNode(raw, interner))).toBe(false);
  });
});

describe('of a namespace', () => {
  test('are kept its labels, with the one that every namespace has', () => {
    expect(projectNamespace({ metadata: { name: 'a' } }, interner)).toEqual({
      name: 'a',
      labels: { 'kubernetes.io/metadata.name': 'a' },
    });
  });

  test('it is another when a label is', () => {
    const project = (labels: object) => projectNamespace({ metadata: { name: 'a', labels } }, interner);
    expect(isSameNamespace(project({ a: '1', b: '2' }), project({ b: '2', a: '1' }))).toBe(true);
    expect(isSameNamespace(project({ a: '1' }), project({ a: '2' }))).toBe(false);
  });
});

test('an object that cannot be read is passed over; any other fault is not hidden', () => {
  expect(orUndefined(() => projectPod({ metadata: { labels: 1 } }, projection))).toBeUndefined();
  expect(() => projectPod({ metadata: { labels: 1 } }, projection)).toThrow(MalformedObject);
  expect(() =>
    orUndefined(() => {
      throw new TypeError('a fault of ours');
    }),
  ).toThrow(new TypeError('a fault of ours'));
});

function never(): never {
  throw new Error('no projection');
}
