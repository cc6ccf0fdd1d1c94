import { describe, expect, test } from 'vitest';
import { clusterSnapshot } from '../../src/api/cluster-snapshot.ts';
import { snapshotView } from '../../src/files/snapshot-usage.ts';

const view = (parts: object, stalenessMs?: () => number) =>
  snapshotView(
    clusterSnapshot.parse({ apiVersion: 'gpugate.dev/v1alpha1', kind: 'ClusterSnapshot', ...parts }),
    stalenessMs,
  );

describe('the view of a snapshot', () => {
  test('gives every namespace the label that the API server gives it', () => {
    const { namespaceLabels } = view({
      namespaces: [{ name: 'a', labels: { team: 'x' } }, { name: 'b' }, { name: '1' }],
    });
    expect(namespaceLabels('a')).toEqual({ team: 'x', 'kubernetes.io/metadata.name': 'a' });
    expect(namespaceLabels('b')).toEqual({ 'kubernetes.io/metadata.name': 'b' });
    expect(namespaceLabels('1')).toEqual({ 'kubernetes.io/metadata.name': '1' });
  });

  test('knows no other namespace, not even by a name that objects have', () => {
    const { namespaceLabels } = view({});
    expect(['c', '', 'constructor', '__proto__'].map(namespaceLabels)).toEqual(Array(4).fill(undefined));
  });

  test('keeps of a node what is allocatable under a domain of its own', () => {
    const { nodes, extendedResources } = view({
      nodes: [
        {
          name: 'n',
          labels: { 'nvidia.com/gpu.count': '8' },
          allocatable: {
            cpu: 4,
            memory: '8Gi',
            'hugepages-2Mi': 0,
            'kubernetes.io/batch-cpu': 1,
            'scheduling.kubernetes.io/x': 1,
            'nvidia.com/gpu': 8,
            'nvidia.com/mig-1g.10gb': '0',
          },
        },
        { name: 'm', allocatable: { 'amd.com/gpu': 1, 'nvidia.com/gpu': 4 } },
      ],
    });
    expect(nodes).toEqual([
      {
        name: 'n',
        labels: { 'nvidia.com/gpu.count': '8' },
        allocatable: { 'nvidia.com/gpu': '8', 'nvidia.com/mig-1g.10gb': '0' },
      },
      { name: 'm', labels: {}, allocatable: { 'amd.com/gpu': '1', 'nvidia.com/gpu': '4' } },
    ]);
    expect([...extendedResources].sort()).toEqual(['amd.com/gpu', 'nvidia.com/gpu', 'nvidia.com/mig-1g.10gb']);
  });

  test('cannot be changed', () => {
    const { nodes, namespaceLabels } = view({ namespaces: [{ name: 'a' }], nodes: [{ name: 'n' }] });
    for (const part of [nodes, nodes[0], nodes[0]?.labels, nodes[0]?.allocatable, namespaceLabels('a')]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  test('is as old as its source says, and current without one', () => {
    expect(view({}).stalenessMs()).toBe(0);
    expect(view({}, () => 7).stalenessMs()).toBe(7);
  });
});
