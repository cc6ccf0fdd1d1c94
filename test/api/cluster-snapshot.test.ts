import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { clusterSnapshot } from '../../src/api/cluster-snapshot.ts';
import { readYaml } from '../../src/text/read-yaml.ts';
import { exampleSnapshot } from '../support/examples.ts';

const typeMeta = { apiVersion: 'gpugate.dev/v1alpha1', kind: 'ClusterSnapshot' };

describe('a ClusterSnapshot', () => {
  test('may be empty: a cluster without nodes', () => {
    expect(clusterSnapshot.parse(typeMeta)).toEqual({ ...typeMeta, namespaces: [], nodes: [], pods: [], quotas: [] });
  });

  test('takes namespaces and nodes by their names alone', () => {
    const { namespaces, nodes } = clusterSnapshot.parse({
      ...typeMeta,
      namespaces: [{ name: 'a' }],
      nodes: [{ name: 'b', allocatable: { 'nvidia.com/gpu': 8 } }],
    });
    expect(namespaces).toEqual([{ name: 'a', labels: {} }]);
    expect(nodes).toEqual([{ name: 'b', labels: {}, allocatable: { 'nvidia.com/gpu': '8' } }]);
  });

  test('of the examples is good, and has every kind of GPU node', () => {
    const text = readFileSync(exampleSnapshot, 'utf8');
    const { objects, problems } = readYaml(text, { file: 'snapshot.yaml', schemas: [clusterSnapshot] });
    expect(problems).toEqual([]);
    const offered = objects[0]?.value?.nodes.map(({ name, allocatable }) => [
      name,
      ...Object.keys(allocatable).filter((resource) => resource.startsWith('nvidia.com/')),
    ]);
    expect(offered).toEqual([
      ['gpu-dedicated-1', 'nvidia.com/gpu'],
      ['gpu-dedicated-2', 'nvidia.com/gpu'],
      ['gpu-shared-1', 'nvidia.com/gpu.shared'],
      ['gpu-mig-1', 'nvidia.com/gpu', 'nvidia.com/mig-1g.10gb', 'nvidia.com/mig-3g.40gb'],
      ['cpu-1'],
    ]);
  });
});
