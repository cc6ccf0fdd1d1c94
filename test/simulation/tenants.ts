import type { PodRecord } from '../../src/quota/rules/pod-record.ts';
import type { Quota } from '../../src/quota/rules/quota.ts';
import { readQuota } from '../quota/read-quota.ts';
import type { Random } from './random.ts';

/** What tenants may have, twice: compiled for gpugate, and worked out here by hand for the checker. */
export type Tenants = {
  readonly quotas: readonly Quota[];
  /** Every limit that a pod counts against, by the checker's own arithmetic. */
  readonly limitsOf: (pod: Pick<PodRecord, 'namespace' | 'labels' | 'demand'>) => readonly Limit[];
  readonly namespaceLabels: (namespace: string) => Readonly<Record<string, string>>;
};

/** `amount` is what the pod counts; units are thousandths. */
export type Limit = {
  readonly key: string;
  readonly amount: number;
  readonly hard: number;
};

export const limitKey = (quota: string, group: string, resource: string): string => `${quota}|${group}|${resource}`;

const teamOf: Readonly<Record<string, string>> = {
  'proj-a-1': 'blue',
  'proj-a-2': 'red',
  'proj-b-1': 'blue',
  'proj-b-2': 'green',
};
export const namespaces = Object.keys(teamOf);
/** No quota charges its pods. */
export const freeNamespace = 'sandbox';
const charged = { namespaces: ['proj-*'] };
const labelsOfNamespace = new Map(namespaces.map((name) => [name, { team: teamOf[name] ?? '' }]));

/** Demands and labels are interned, as the view does it. */
export const demands = [
  { 'nvidia.com/gpu': 1 },
  { 'nvidia.com/gpu': 1 },
  { 'nvidia.com/gpu': 2 },
  { 'nvidia.com/gpu.shared': 1 },
  { 'nvidia.com/gpu': 1, 'nvidia.com/gpu.shared': 2 },
].map((demand) => new Map<string, number>(Object.entries(demand)));
export const podLabels = [{ tenant: 'x' }, { tenant: 'y' }, {}];

/** Four quotas that overlap: each pod is charged by up to four of them, and at times by one that must never deny anything. */
export function createTenants(random: Random, scale: number): Tenants {
  const hard = {
    all: scale * (12 + random.below(16)),
    team: scale * (3 + random.below(10)),
    red: scale * (1 + random.below(6)),
    tenantPods: scale * (4 + random.below(12)),
    projectUnits: scale * (40 + 10 * random.below(12)),
  };
  const quotas = [
    readQuota({ scope: charged, hard: { 'nvidia.com/gpu': String(hard.all) } }, 'all'),
    readQuota(
      {
        scope: { ...charged, groupBy: { namespaceLabel: 'team' } },
        hard: { 'nvidia.com/gpu': String(hard.team) },
        overrides: [{ group: 'red', hard: { 'nvidia.com/gpu': String(hard.red) } }],
      },
      'teams',
    ),
    readQuota(
      { scope: { ...charged, groupBy: { podLabel: 'tenant' } }, hard: { pods: String(hard.tenantPods) } },
      'tenants',
    ),
    readQuota(
      {
        scope: { groupBy: { namespacePattern: 'proj-([a-z])-[0-9]' } },
        hard: { 'gpugate.dev/gpu-units': String(hard.projectUnits) },
      },
      'projects',
    ),
    ...(random.chance(0.3)
      ? [readQuota({ scope: charged, hard: { pods: '1' }, enforcement: 'Warn' }, 'onlooker')]
      : []),
  ];
  return {
    quotas,
    namespaceLabels: (name) => labelsOfNamespace.get(name) ?? {},
    limitsOf: ({ namespace, labels, demand }) => {
      if (namespace === freeNamespace) return [];
      const gpus = demand.get('nvidia.com/gpu') ?? 0;
      const shared = demand.get('nvidia.com/gpu.shared') ?? 0;
      const team = teamOf[namespace] ?? '';
      const tenant = (labels as { readonly tenant?: string }).tenant;
      const limits = [
        { key: limitKey('all', '', 'nvidia.com/gpu'), amount: gpus, hard: hard.all },
        {
          key: limitKey('teams', team, 'nvidia.com/gpu'),
          amount: gpus,
          hard: team === 'red' ? hard.red : hard.team,
        },
        {
          key: limitKey('projects', namespace.charAt(5), 'gpugate.dev/gpu-units'),
          amount: gpus * 10_000 + shared * 1000,
          hard: hard.projectUnits * 1000,
        },
      ];
      if (tenant !== undefined)
        limits.push({ key: limitKey('tenants', tenant, 'pods'), amount: 1, hard: hard.tenantPods });
      return limits.filter(({ amount }) => amount > 0);
    },
  };
}
