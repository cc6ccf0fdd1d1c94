import type { PodRecord } from '../../src/quota/rules/pod-record.ts';

const demands = new Map([1, 2, 3, 4, 5, 6, 7, 8].map((gpus) => [gpus, new Map([['nvidia.com/gpu', gpus]])]));

/** The same object, as the view interns them. */
const noLabels = {};

/** A pod that asks for so many GPUs; one by default. */
export function gpuPod(uid: string, { gpus = 1, ...about }: Partial<PodRecord> & { gpus?: number } = {}): PodRecord {
  const demand = demands.get(gpus) ?? new Map<string, number>();
  return {
    uid,
    namespace: 'a',
    name: uid,
    node: '',
    user: '',
    labels: noLabels,
    demand,
    memoryMiB: 0,
    version: 0,
    ...about,
  };
}
