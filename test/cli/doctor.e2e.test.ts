import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { ManifestObject } from '../../src/cli/manifests/install-settings.ts';
import { connectControlPlane } from '../controlplane/connect.ts';
import { mountServiceAccount } from '../e2e/rights/service-account.ts';
import { apply, installGpugate, type GpugateOnCluster } from '../support/gpugate-on-cluster.ts';
import { outputOf, runGpugate } from '../support/run-gpugate.ts';

const cluster = connectControlPlane(inject('controlPlane'));
let gpugate: GpugateOnCluster;

let directory: string;
const namespace = 'gpugate-system';

/** What an installation has beside the server itself: roles, ServiceAccounts, and the Secret. */
let rest: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gpugate-doctor-'));
  gpugate = await installGpugate(cluster, { replicas: 2 });
  const documents = parseAllDocuments(await outputOf(['manifests', 'install', '--doctor']));
  const installed = documents.map((document) => document.toJS() as ManifestObject);
  rest = JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: installed.filter(({ kind }) => /^Namespace$|^ServiceAccount$|Role(Binding)?$/.test(kind)),
  });
  await apply(cluster, rest);
  const files = ['ca.crt', 'ca.key', 'tls.crt', 'tls.key'].map((file) => `--from-file=${join(gpugate.certs, file)}`);
  await kubectl('create', 'secret', 'generic', 'gpugate-certificates', '-n', namespace, ...files);
});
afterAll(async () => {
  await gpugate.uninstall();
  // The namespace stays: one that is on its way out would refuse what other tests put there.
  await kubectl('delete', 'serviceaccounts', '-n', namespace, '-l', 'app.kubernetes.io/part-of=gpugate');
  await kubectl('delete', 'secret', 'gpugate-certificates', '-n', namespace);
  const roles = 'roles,rolebindings,clusterroles,clusterrolebindings';
  await kubectl('delete', roles, '-A', '-l', 'app.kubernetes.io/part-of=gpugate');
  await rm(directory, { recursive: true });
});

type Diagnosis = { check: string; level: string; what: string; mend?: string };

type Answer = { code: number; diagnoses: Diagnosis[]; bad: string[] };

async function doctor(kubeconfig = cluster.kubeconfig): Promise<Answer> {
  const ops = gpugate.replicas.flatMap(({ opsPort }) => ['--ops', `http://127.0.0.1:${opsPort}`]);
  const { code, stdout, stderr } = await runGpugate([...['doctor', '--kubeconfig', kubeconfig, '-o', 'json'], ...ops]);
  if (stdout === '') throw new Error(stderr);
  const diagnoses = JSON.parse(stdout) as Diagnosis[];
  const bad = diagnoses
    .filter(({ level }) => level !== 'ok')
    .map(({ level, check, what }) => `${level} ${check}: ${what}`);
  return { code, diagnoses, bad };
}

const kubectl = async (...args: string[]): Promise<void> => {
  const { code, stderr } = await cluster.kubectl(args);
  if (code !== 0) throw new Error(stderr);
};
const patch = (object: string, ...operations: object[]) =>
  kubectl('patch', object, '--type=json', '-p', JSON.stringify(operations));

const validating = 'validatingwebhookconfiguration/gpugate';

type Break = {
  readonly how: () => Promise<void>;
  readonly mend: () => Promise<void>;
  readonly says: readonly (string | RegExp)[];
};

/** What a cluster can suffer, and what is said then and only then. */
const breaks: Readonly<Record<string, Break>> = {
  'an emptied caBundle': {
    how: () => patch(validating, { op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }),
    mend: () => gpugate.register(),
    says: [
      'problem reach: gpu.validate.gpugate.dev: its caBundle cannot be used (there is no PEM certificate in it), so every call fails',
    ],
  },
  'an exclusion that somebody took away': {
    how: () => patch(validating, { op: 'remove', path: '/webhooks/0/namespaceSelector' }),
    mend: () => gpugate.register(),
    says: [
      'warning registration: gpu.validate.gpugate.dev: differs from what this version would register for these policies: namespaceSelector',
    ],
  },
  'a policy that names a kind more': {
    how: async () => {
      const metadata = { name: 'doctor-kinds' };
      const spec = { names: { kinds: ['ConfigMap'], pattern: 'a.*' } };
      await apply(
        cluster,
        JSON.stringify({ apiVersion: 'gpugate.dev/v1alpha1', kind: 'WorkloadPolicy', metadata, spec }),
      );
      await kubectl('wait', '--for=condition=Ready', 'workloadpolicy/doctor-kinds');
    },
    mend: () => kubectl('delete', 'workloadpolicy/doctor-kinds'),
    says: [
      'warning registration: pods.validate.gpugate.dev: differs from what this version would register for these policies: rules',
    ],
  },
  'a registration that is gone': {
    how: () => kubectl('delete', 'mutatingwebhookconfiguration/gpugate'),
    mend: () => gpugate.register(),
    says: [
      'problem registration: MutatingWebhookConfiguration gpugate: does not exist, so the API server never calls gpugate',
    ],
  },
  'a wrong address': {
    how: () =>
      patch(validating, { op: 'replace', path: '/webhooks/0/clientConfig/url', value: 'https://127.0.0.1:1/x' }),
    mend: () => gpugate.register(),
    says: [/^problem reach: gpu\.validate\.gpugate\.dev: at 127\.0\.0\.1:1, it accepts no connection: .*ECONNREFUSED/],
  },
  'a right that somebody took away': {
    how: () => kubectl('delete', 'rolebinding/gpugate-leader', '-n', namespace),
    mend: () => apply(cluster, rest),
    says: ['get', 'update'].map(
      (verb) =>
        `problem rights: system:serviceaccount:gpugate-system:gpugate: may not ${verb} leases.coordination.k8s.io ` +
        `"gpugate" in namespace gpugate-system, a right of Role gpugate-leader`,
    ),
  },
  'a ledger of rubbish': {
    how: async () => {
      await gpugate.stopServing();
      const metadata = { name: 'ledger' };
      await cluster.kubectl(['delete', 'quotaledger/ledger', '--ignore-not-found']);
      const ledger = { apiVersion: 'gpugate.dev/v1alpha1', kind: 'QuotaLedger', metadata, spec: { data: 'rubbish' } };
      await apply(cluster, JSON.stringify(ledger));
    },
    mend: () => kubectl('delete', 'quotaledger/ledger'),
    says: [
      /^problem reach: pods\.mutate.*, TLS fails: /,
      /^problem reach: gpu\.validate/,
      /^problem reach: pods\.validate/,
      /^problem replicas: .*ECONNREFUSED/,
      /^problem replicas: .*ECONNREFUSED/,
      'problem ledger: gpugate did not write its contents',
    ],
  },
};

describe('the doctor', () => {
  test('finds nothing wrong with a sound installation', async () => {
    const { code, bad, diagnoses } = await doctor();
    expect(bad).toEqual([]);
    expect(code).toBe(0);
    expect(new Set(diagnoses.map(({ check }) => check))).toEqual(
      new Set([
        'api-server',
        'definitions',
        'rights',
        'registration',
        'certificates',
        'reach',
        'replicas',
        'objects',
        'ledger',
        'other-webhooks',
      ]),
    );
  });

  test('finds the same with the rights of its Job alone, but for the Secret, which it may not read', async () => {
    const { kubeconfig } = await mountServiceAccount(cluster, { namespace, name: 'gpugate-doctor', directory });
    const { code, bad } = await doctor(kubeconfig);
    expect(bad).toEqual(['skipped certificates: Secret gpugate-certificates in gpugate-system: you may not read it']);
    expect(code).toBe(0);
  });

  test('as gpugate itself asks what itself may do', async () => {
    const { kubeconfig } = await mountServiceAccount(cluster, { namespace, name: 'gpugate', directory });
    const { diagnoses } = await doctor(kubeconfig);
    expect(diagnoses.filter(({ check }) => check === 'rights')).toEqual([
      {
        check: 'rights',
        level: 'ok',
        what: expect.stringMatching(/^system:serviceaccount:gpugate-system:gpugate: has all \d+ rights/),
      },
    ]);
  });

  test.each(Object.entries(breaks))('sees %s, and nothing else', async (_, { how, mend, says }) => {
    await how();
    try {
      const { code, bad, diagnoses } = await doctor();
      expect(bad).toEqual(says.map((one): unknown => (typeof one === 'string' ? one : expect.stringMatching(one))));
      expect(code).toBe(says.some((one) => String(one).includes('problem')) ? 1 : 0);
      for (const { level, mend: advice } of diagnoses) if (level !== 'ok') expect(advice).toMatch(/\S/);
    } finally {
      await mend();
    }
  });
});
