import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MalformedObject } from '../../src/workload/malformed-object.ts';
import { ownValue } from '../../src/workload/pod.ts';
import { readMeta, readPod } from '../../src/workload/read-pod.ts';
import { arbitraryPod, throughJson } from './arbitrary-pod.ts';
import { realisticPod } from './realistic-pod.ts';

describe('readPod reads', () => {
  test('an empty pod as empty values', () => {
    expect(readPod({ spec: {} })).toEqual({
      meta: {
        name: '',
        generateName: '',
        namespace: '',
        uid: '',
        resourceVersion: '',
        labels: {},
        annotations: {},
        controller: undefined,
      },
      containers: [],
      initContainers: [],
      ephemeralContainers: [],
      overhead: {},
      podRequests: {},
      podLimits: {},
      nodeName: '',
      nodeSelector: {},
      runtimeClassName: '',
      hostPID: false,
      resourceClaims: 0,
      hostPaths: [],
      phase: '',
      has: { metadata: false, labels: false, annotations: false },
    });
  });

  test('what is set, and nothing else', () => {
    const pod = readPod({
      metadata: {
        name: 'p',
        generateName: 'p-',
        namespace: 'n',
        uid: 'u',
        resourceVersion: '7',
        labels: { a: 'b' },
        annotations: {},
        ownerReferences: [
          { kind: 'Node', name: 'x' },
          { kind: 'Job', name: 'j', controller: true },
        ],
      },
      spec: {
        containers: [
          {
            name: 'c',
            image: 'i',
            resources: { limits: { cpu: 2, memory: '1Gi', 'nvidia.com/gpu': null }, requests: null },
            env: [{ name: 'A', value: '1' }, { name: 'B', valueFrom: {} }, { name: 'C' }],
            securityContext: { privileged: true },
          },
        ],
        initContainers: [
          { name: 'i', restartPolicy: 'Always', env: [] },
          { name: 'k', resources: {} },
        ],
        ephemeralContainers: [{ name: 'e', restartPolicy: 'Always' }],
        overhead: { cpu: 0.25 },
        resources: { requests: { cpu: '1' }, limits: { cpu: '2' } },
        nodeName: 'node-1',
        nodeSelector: { zone: 'a' },
        runtimeClassName: 'nvidia',
        resourceClaims: [{ name: 'x' }, { name: 'y' }],
        volumes: [
          { name: 'a', emptyDir: {} },
          { name: 'b', hostPath: { path: '/dev' } },
        ],
      },
      status: { phase: 'Pending' },
    });
    const none = { requests: {}, limits: {}, env: [], isPrivileged: false, addedCapabilities: [], isSidecar: false };
    const has = { resources: false, requests: false, limits: false, env: false };
    expect(pod).toEqual({
      meta: {
        name: 'p',
        generateName: 'p-',
        namespace: 'n',
        uid: 'u',
        resourceVersion: '7',
        labels: { a: 'b' },
        annotations: {},
        controller: { kind: 'Job', name: 'j' },
      },
      containers: [
        {
          name: 'c',
          field: 'containers',
          index: 0,
          isSidecar: false,
          requests: {},
          limits: { cpu: '2', memory: '1Gi', 'nvidia.com/gpu': '0' },
          env: [
            { name: 'A', value: '1' },
            { name: 'B', value: undefined },
            { name: 'C', value: '' },
          ],
          isPrivileged: true,
          addedCapabilities: [],
          has: { resources: true, requests: false, limits: true, env: true },
        },
      ],
      initContainers: [
        { ...none, name: 'i', field: 'initContainers', index: 0, isSidecar: true, has: { ...has, env: true } },
        { ...none, name: 'k', field: 'initContainers', index: 1, has: { ...has, resources: true } },
      ],
      ephemeralContainers: [{ ...none, name: 'e', field: 'ephemeralContainers', index: 0, has }],
      overhead: { cpu: '0.25' },
      podRequests: { cpu: '1' },
      podLimits: { cpu: '2' },
      nodeName: 'node-1',
      nodeSelector: { zone: 'a' },
      runtimeClassName: 'nvidia',
      hostPID: false,
      resourceClaims: 2,
      hostPaths: [{ index: 1, path: '/dev' }],
      phase: 'Pending',
      has: { metadata: true, labels: true, annotations: true },
    });
  });

  test('null everywhere as absent', () => {
    const nulls = (keys: string) => Object.fromEntries(keys.split(' ').map((key) => [key, null]));
    const spec = nulls(
      'containers initContainers ephemeralContainers overhead resources nodeName nodeSelector runtimeClassName resourceClaims volumes',
    );
    expect(readPod({ metadata: null, spec })).toEqual(readPod({ spec: {} }));
    expect(readPod({ spec: { containers: [nulls('name resources env securityContext restartPolicy')] } })).toEqual(
      readPod({ spec: { containers: [{}] } }),
    );
    expect(readMeta({ metadata: nulls('name generateName namespace uid labels annotations ownerReferences') })).toEqual(
      readMeta({}),
    );
  });

  test('maps that hold only strings without copying them', () => {
    const raw = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ resources: { limits: { cpu: '1' } } }] } };
    const pod = readPod(raw);
    expect(pod.meta.labels).toBe(raw.metadata.labels);
    expect(pod.containers[0]?.limits).toBe(raw.spec.containers[0]?.resources.limits);
  });

  test('keys of JavaScript itself as mere keys', () => {
    const text = '{"metadata":{"labels":{"__proto__":"x","constructor":"y","n":null}},"spec":{}}';
    const { labels } = readPod(JSON.parse(text)).meta;
    expect(Object.entries(labels)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
      ['n', ''],
    ]);
    expect(ownValue(labels, '__proto__')).toBe('x');
    const { labels: others } = readPod({ metadata: { labels: { a: 'b' } }, spec: {} }).meta;
    expect(ownValue(others, 'constructor')).toBeUndefined();
    expect(ownValue(others, '__proto__')).toBeUndefined();
    expect(ownValue(readMeta({}).labels, 'toString')).toBeUndefined();
  });
});

const inContainer = (container: unknown) => ({ spec: { containers: [{}, container] } });

const malformed: Readonly<Record<string, readonly [object: unknown, message: string]>> = {
  'the object is a list': [[], 'the object must be an object'],
  'the object is null': [null, 'the object must be an object'],
  'there is no spec': [{}, 'spec must be an object'],
  'the spec is null': [{ spec: null }, 'spec must be an object'],
  'the spec is a string': [{ spec: 'x' }, 'spec must be an object'],
  'metadata is a list': [{ metadata: [], spec: {} }, 'metadata must be an object'],
  'the name is a number': [{ metadata: { name: 7 }, spec: {} }, 'metadata.name must be a string'],
  'labels are a list': [{ metadata: { labels: [] }, spec: {} }, 'metadata.labels must be an object'],
  'a label is a number': [
    { metadata: { labels: { 'a.b/c': 1 } }, spec: {} },
    'metadata.labels[a.b/c] must be a string',
  ],
  'an annotation is a boolean': [
    { metadata: { annotations: { a: true } }, spec: {} },
    'metadata.annotations[a] must be a string',
  ],
  'owners are an object': [{ metadata: { ownerReferences: {} }, spec: {} }, 'metadata.ownerReferences must be a list'],
  'an owner is null': [
    { metadata: { ownerReferences: [{}, null] }, spec: {} },
    'metadata.ownerReferences[1] must be an object',
  ],
  'controller is a string': [
    { metadata: { ownerReferences: [{ controller: 'yes' }] }, spec: {} },
    'metadata.ownerReferences[0].controller must be true or false',
  ],
  'containers are a string': [{ spec: { containers: 'x' } }, 'spec.containers must be a list'],
  'a container is null': [inContainer(null), 'spec.containers[1] must be an object'],
  'a container has a number for a name': [inContainer({ name: 1 }), 'spec.containers[1].name must be a string'],
  'env is an object': [inContainer({ env: {} }), 'spec.containers[1].env must be a list'],
  'a variable is a string': [inContainer({ env: [{}, 'A=1'] }), 'spec.containers[1].env[1] must be an object'],
  'a value is a number': [
    inContainer({ env: [{ name: 'A', value: 1 }] }),
    'spec.containers[1].env[0].value must be a string',
  ],
  'valueFrom is a list': [
    inContainer({ env: [{ name: 'A', valueFrom: [] }] }),
    'spec.containers[1].env[0].valueFrom must be an object',
  ],
  'resources are a list': [inContainer({ resources: [] }), 'spec.containers[1].resources must be an object'],
  'limits are a string': [
    inContainer({ resources: { limits: 'x' } }),
    'spec.containers[1].resources.limits must be an object',
  ],
  'a request is an object': [
    inContainer({ resources: { requests: { cpu: {} } } }),
    'spec.containers[1].resources.requests[cpu] must be a quantity',
  ],
  'privileged is a string': [
    inContainer({ securityContext: { privileged: 'true' } }),
    'spec.containers[1].securityContext.privileged must be true or false',
  ],
  'an init container restarts by number': [
    { spec: { initContainers: [{ restartPolicy: 1 }] } },
    'spec.initContainers[0].restartPolicy must be a string',
  ],
  'an ephemeral container is a list': [
    { spec: { ephemeralContainers: [[]] } },
    'spec.ephemeralContainers[0] must be an object',
  ],
  'the pod-level resources are a list': [
    { spec: { resources: { limits: [] } } },
    'spec.resources.limits must be an object',
  ],
  'a volume is null': [{ spec: { volumes: [{}, null] } }, 'spec.volumes[1] must be an object'],
  'a host path has a number for a path': [
    { spec: { volumes: [{ hostPath: { path: 1 } }] } },
    'spec.volumes[0].hostPath.path must be a string',
  ],
  'resource claims are an object': [{ spec: { resourceClaims: {} } }, 'spec.resourceClaims must be a list'],
  'nodeName is a list': [{ spec: { nodeName: [] } }, 'spec.nodeName must be a string'],
};

describe('readPod refuses, with the path of what is wrong, when', () => {
  test.each(Object.entries(malformed))('%s', (_, [object, message]) => {
    expect(() => readPod(object)).toThrow(expect.objectContaining({ name: 'MalformedObject', message }));
  });
});

describe('readPod, whatever it is given,', () => {
  test('reads any pod of Kubernetes', () => {
    fc.assert(
      fc.property(arbitraryPod, (object) => {
        const before = throughJson(object);
        readPod(object);
        expect(object).toEqual(before);
      }),
    );
  });

  test('throws nothing but MalformedObject when any part of a pod is something else', () => {
    fc.assert(
      fc.property(fc.nat(), fc.jsonValue(), (seed, value) => {
        const object = replaceOne(realisticPod(), seed, value);
        try {
          readPod(object);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedObject);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

/** The object with its n-th node, modulo their number, replaced. */
function replaceOne(object: unknown, seed: number, value: unknown): unknown {
  let count = 0;
  JSON.stringify(object, (_, node: unknown) => {
    count++;
    return node;
  });
  let left = seed % count;
  return JSON.parse(JSON.stringify(object, (_, node: unknown) => (left-- === 0 ? value : node)) ?? 'null');
}
