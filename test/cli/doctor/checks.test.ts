import { describe, expect, test } from 'vitest';
import { customResourceDefinitions } from '../../../src/api/crd.ts';
import { ledgerForm } from '../../../src/api/quota-ledger.ts';
import { apiServer } from '../../../src/cli/doctor/checks/api-server.ts';
import { definitions } from '../../../src/cli/doctor/checks/definitions.ts';
import { ledger } from '../../../src/cli/doctor/checks/ledger.ts';
import { objects } from '../../../src/cli/doctor/checks/objects.ts';
import { checks, runChecks } from '../../../src/cli/doctor/run-checks.ts';
import { ApiError } from '../../../src/cluster/client/api-error.ts';
import { formatLedger, type LedgerState } from '../../../src/quota/ledger/ledger-state.ts';
import { reservationOf } from '../../../src/quota/rules/reservation.ts';
import { contextOf, fakeCluster, findingsOf, unreachable, type Answers } from './fake-cluster.ts';

type Table = Readonly<Record<string, readonly [answers: Answers, says: readonly string[]]>>;

const crdPath = (name: string) => `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`;
const established = { conditions: [{ type: 'Established', status: 'True' }] };
const installed = Object.fromEntries(
  customResourceDefinitions().map((crd) => [crdPath(crd.metadata.name), { ...crd, status: established }]),
);
const quotasCrd = crdPath('tenantquotas.gpugate.dev');
const sound = ['quotaledgers', 'workloadpolicies'].map((name) => `ok: ${name}.gpugate.dev: installed, same version`);
const withoutSchemas = {
  metadata: { name: 'tenantquotas.gpugate.dev' },
  spec: { versions: [{ name: 'v1alpha1', schema: { openAPIV3Schema: {} } }] },
  status: established,
};

const kinds = '/apis/gpugate.dev/v1alpha1';
const one = (condition?: object) => ({
  metadata: { name: 'a' },
  ...(condition === undefined ? {} : { status: { conditions: [{ type: 'Ready', ...condition }] } }),
});
const listOf = (...items: object[]) => ({ items });
const noPolicies = 'ok: WorkloadPolicy: there are none, so nothing is enforced';
const noQuotas = 'ok: TenantQuota: there are none, so nothing is enforced';

const state: LedgerState = { cluster: 'c', isSettled: true, seenThrough: 0n, reservations: [] };
const pod = { uid: 'u', namespace: 'n', name: 'p', version: 0, node: '', user: 'x'.repeat(800_000), memoryMiB: 0 };
const large = { ...state, reservations: [reservationOf({ ...pod, labels: {}, demand: new Map() })] };
const ledgerOf = (data: string) => ({
  [`${kinds}/tenantquotas`]: listOf(one()),
  [`${kinds}/quotaledgers/ledger`]: { spec: { data } },
  '/api/v1/namespaces/kube-system': { metadata: { uid: 'c' } },
});

const tables: Readonly<Record<string, readonly [(typeof checks)[number], Table]>> = {
  'api-server': [
    apiServer,
    {
      'a version that has matchConditions': [
        { '/version': { gitVersion: 'v1.36.0', minor: '36' } },
        ['ok: answers, Kubernetes v1.36.0'],
      ],
      'an old version, as managed clusters write it': [
        { '/version': { gitVersion: 'v1.29.1-gke', minor: '29+' } },
        ['warning: answers, Kubernetes v1.29.1-gke'],
      ],
    },
  ],
  definitions: [
    definitions,
    {
      'each of this version': [
        installed,
        [sound[0], 'ok: tenantquotas.gpugate.dev: installed, same version', sound[1]],
      ],
      'one that is missing': [
        { ...installed, [quotasCrd]: 404 },
        [sound[0], 'problem: tenantquotas.gpugate.dev: is not installed', sound[1]],
      ],
      'one that is not served': [
        { ...installed, [quotasCrd]: { ...withoutSchemas, status: {} } },
        [sound[0], 'problem: tenantquotas.gpugate.dev: the API server does not serve it', sound[1]],
      ],
      'one of another version': [
        { ...installed, [quotasCrd]: withoutSchemas },
        [
          sound[0],
          'warning: tenantquotas.gpugate.dev: is from another version of gpugate and may refuse or drop fields of this one',
          sound[1],
        ],
      ],
    } as Table,
  ],
  objects: [
    objects,
    {
      'no policies and no quotas': [{}, [noPolicies, noQuotas]],
      'all in force': [
        { [`${kinds}/workloadpolicies`]: listOf(one({ status: 'True' }), one({ status: 'True' })) },
        ['ok: WorkloadPolicy: 2 in force', noQuotas],
      ],
      'one that nobody has judged': [
        { [`${kinds}/workloadpolicies`]: listOf(one()) },
        ['warning: WorkloadPolicy a: no replica has reported whether it is in force', noQuotas],
      ],
      'one that is invalid': [
        { [`${kinds}/tenantquotas`]: listOf(one({ status: 'False', message: 'spec.hard: wrong' })) },
        [noPolicies, 'problem: TenantQuota a: this version is not in force: spec.hard: wrong'],
      ],
    },
  ],
  ledger: [
    ledger,
    {
      'none and no quotas': [{}, ['ok: there are no quotas, so no ledger is needed']],
      'none although there are quotas': [
        { [`${kinds}/tenantquotas`]: listOf(one()) },
        ['warning: there are quotas but no ledger'],
      ],
      'a sound one': [
        ledgerOf(formatLedger(state)),
        [`ok: settled, 0 reservations, ${formatLedger(state).length} bytes`],
      ],
      'one that nobody can read': [ledgerOf('rubbish'), ['problem: gpugate did not write its contents']],
      'one of a newer form': [
        ledgerOf(JSON.stringify({ v: ledgerForm + 1 })),
        ['problem: a newer version of gpugate wrote it; older replicas are not ready'],
      ],
      'one of another cluster': [
        ledgerOf(formatLedger({ ...state, cluster: 'other' })),
        ['problem: it belongs to another cluster'],
      ],
      'one that was lost': [
        ledgerOf(formatLedger({ ...state, isSettled: false })),
        ['problem: it was lost and is being rebuilt'],
      ],
      'one that is large': [
        ledgerOf(formatLedger(large)),
        [`warning: settled, 1 reservations, ${formatLedger(large).length} bytes`],
      ],
    },
  ],
};

describe.each(Object.entries(tables))('%s sees', (_, [check, table]) => {
  test.each(Object.entries(table))('%s', async (_, [answers, says]) => {
    expect(await findingsOf(check, contextOf(fakeCluster(answers)))).toEqual(says);
  });
});

describe('all checks', () => {
  test('have names of their own, and one that cannot be made is a problem that does not stop the others', async () => {
    expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
    const seen: string[] = [];
    const ill = { request: () => Promise.reject(new ApiError('HTTP 500', { status: 500 })) };
    const diagnoses = await runChecks(checks, contextOf(ill), (id) => seen.push(id));
    expect(seen).toEqual(checks.map(({ id }) => id));
    expect(diagnoses).toEqual(
      checks.map(({ id }) => ({
        check: id,
        level: 'problem',
        what: 'this check failed: HTTP 500',
        mend: 'Fix that first.',
      })),
    );
  });

  test('ask an API server that does not answer once, and no more', async () => {
    const seen: string[] = [];
    const diagnoses = await runChecks(checks, contextOf(unreachable), (id) => seen.push(id));
    expect(seen).toEqual(['api-server']);
    expect(diagnoses.map(({ level, what }) => `${level}: ${what}`)).toEqual(
      checks.map((_, index) =>
        index === 0 ? 'problem: this check failed: connect ECONNREFUSED' : 'skipped: the API server does not answer',
      ),
    );
  });
});
