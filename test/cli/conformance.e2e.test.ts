import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { compileExemptions } from '../../src/admission/exemption.ts';
import { compilePolicy } from '../../src/admission/policy-set.ts';
import type { AdmissionRequest } from '../../src/admission/review.ts';
import { reviewedKinds } from '../../src/api/workload-policy.ts';
import { createOfflineJudge, type OfflineJudge } from '../../src/cli/judge/offline-judge.ts';
import { readManifestText } from '../../src/cli/judge/manifest-text.ts';
import { readObjects } from '../../src/cli/judge/read-objects.ts';
import { createRequestsOf } from '../../src/cli/judge/requests-of.ts';
import { resourcesOf } from '../../src/cli/manifests/webhook-configurations.ts';
import { loadRules } from '../../src/cli/load-rules.ts';
import { readSnapshotFile } from '../../src/cluster/snapshot-file.ts';
import { usageOfSnapshot } from '../../src/cluster/snapshot-usage.ts';
import { connectControlPlane } from '../controlplane/connect.ts';
import { createNode } from '../controlplane/create-node.ts';
import { examplePods, examplePolicies } from '../support/examples.ts';
import { apply, createSnapshotObjects, installGpugate, type GpugateOnCluster } from '../support/gpugate-on-cluster.ts';
import { outputOf, runGpugate } from '../support/run-gpugate.ts';
import { createAsk, generatedName, offlineAnswer, serverAnswer, unwatchedNamespace } from './conformance/answer.ts';
import { allowedGroup, fixtureCases, type FixtureCase } from './conformance/fixture-cases.ts';
import { randomPods } from './conformance/random-pods.ts';
import { remove, store, updateOf } from './conformance/stored-objects.ts';

/**
 * The proof that the offline commands are the server: each object goes through the offline judge, with the facts that
 * `gpugate snapshot` wrote of this cluster, and as a dry run through an API server with gpugate registered. Decision,
 * message, warnings and the object as it would be stored must be equal.
 */

const cluster = connectControlPlane(inject('controlPlane'));
const askWatched = createAsk(cluster, { isImpersonated: true });
const askUnwatched = createAsk(cluster, { isImpersonated: false });
const alice = { username: 'alice', groups: ['tenants', allowedGroup, 'system:authenticated'] };

const fixtures = fixtureCases();
const seed = 20_260;
/** As many as must be compared; of more, since the API server refuses some by itself. */
const wantedPods = 300;

/** Policies of the random pods, beside those of the examples: one of each enforcement, and the settings those lack. */
const randomPolicies: Readonly<Record<string, object>> = {
  'random-deny': {
    names: { pattern: 'job-[0-9]+-.*', kinds: ['Pod'] },
    gpu: { deviceAccess: 'Void', nodeFit: 'Deny', allowMixed: true, sharedPerContainer: 2 },
    resources: { requests: { cpu: '250m' }, limits: { cpu: '2', memory: '2Gi', 'nvidia.com/gpu': '1' } },
    mps: { vram: '4G' },
  },
  'random-warn': {
    enforcement: 'Warn',
    labels: { set: { team: '{namespace}-{controller.name}' }, require: ['group-id', 'team'] },
    gpu: { maxPerPod: { 'nvidia.com/gpu': 1 } },
    resources: { maximum: { cpu: '2', memory: '1Gi' } },
  },
  'random-audit': { enforcement: 'Audit', gpu: {}, names: { format: '{prefix}-{id}-{name}', prefixes: ['job'] } },
};
const randomNamespaces = ['proj-a', 'proj-sandbox', ...Object.keys(randomPolicies)];
/** Full but for two GPUs: charged are the pods that the cluster holds, and what each random pod asks for. */
const quota = {
  apiVersion: 'gpugate.dev/v1alpha1',
  kind: 'TenantQuota',
  metadata: { name: 'conformance' },
  spec: {
    scope: { namespaces: randomNamespaces },
    hard: { 'nvidia.com/gpu': '2', 'nvidia.com/gpu.shared': '2', 'gpugate.dev/gpu-units': '25' },
  },
};

const runtimeClass = { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', handler: 'nvidia' };
const rbac = 'rbac.authorization.k8s.io';
const scenery = [
  ...['nvidia', 'runtime'].map((name) => ({ ...runtimeClass, metadata: { name } })),
  {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: allowedGroup },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'Group', apiGroup: rbac, name: allowedGroup }],
  },
];
const list = (items: readonly object[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
const namespaces = [unwatchedNamespace, ...Object.keys(randomPolicies), ...fixtures.map(({ namespace }) => namespace)];

type Stored = Awaited<ReturnType<typeof store>>;
const storedOf = new Map<FixtureCase, Stored>();
let directory: string;
let policies: string;
let snapshot: string;
let gpugate: GpugateOnCluster | undefined;
let judge: OfflineJudge;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gpugate-conformance-'));
  policies = join(directory, 'policies.yaml');
  snapshot = join(directory, 'snapshot.json');
  await createSnapshotObjects(cluster);
  await apply(cluster, list(scenery));
  const created = namespaces.map((name) =>
    cluster.request('POST', '/api/v1/namespaces', { metadata: { name, labels: { tier: 'x' } } }),
  );
  for (const { status } of await Promise.all(created)) expect([201, 409]).toContain(status);
  const nodes = fixtures.flatMap((fixture) => fixture.nodes);
  await Promise.all(
    nodes.map(({ name, labels, allocatable }) => createNode(cluster, { name, labels, capacity: allocatable })),
  );
  for (const fixture of fixtures)
    if (fixture.oldObject !== undefined)
      storedOf.set(fixture, await store(cluster, fixture.oldObject, fixture.namespace));

  const own = Object.entries(randomPolicies).map(([name, spec]) => ({
    apiVersion: 'gpugate.dev/v1alpha1',
    kind: 'WorkloadPolicy',
    metadata: { name },
    spec: { ...spec, match: { namespaces: [name] } },
  }));
  const { policies: examples } = await loadRules([examplePolicies]);
  const all = [...examples, ...own, ...fixtures.map(({ policy }) => policy)];
  // As JSON: in YAML that our own library writes, kubectl reads Off as false.
  await writeFile(policies, all.map((object) => JSON.stringify(object)).join('\n---\n'));
  gpugate = await installGpugate(cluster);
  await Promise.all([...own, ...fixtures.map(({ policy }) => policy), quota].map(createOwn));
  await vi.waitFor(async () => expect(await areInForce()).toBe(true), { timeout: 30_000, interval: 200 });

  await outputOf(['snapshot', '--kubeconfig', cluster.kubeconfig, '-o', snapshot]);
  const read = await readSnapshotFile(snapshot);
  if ('faults' in read) throw new Error(JSON.stringify(read.faults));
  const { facts, pods, quotas } = usageOfSnapshot(read.snapshot);
  judge = createOfflineJudge({
    policies: (await loadRules([policies])).policies.map(compilePolicy),
    facts,
    quota: { quotas, pods },
    findExemption: compileExemptions({ namespaces: [unwatchedNamespace, 'kube-system'], users: [], groups: [] }),
  });
});

afterAll(async () => {
  await gpugate?.uninstall();
  const gone = [
    ...fixtures.flatMap(({ nodes }) => nodes.map(({ name }) => `/api/v1/nodes/${name}`)),
    ...namespaces.map((name) => `/api/v1/namespaces/${name}`),
    ...[...Object.keys(randomPolicies), ...fixtures.map(({ namespace }) => namespace)].map(
      (name) => `${ownPath}/workloadpolicies/${name}`,
    ),
    `${ownPath}/tenantquotas/conformance`,
  ];
  await Promise.all(gone.map((path) => cluster.request('DELETE', path)));
  await cluster.kubectl(['delete', '-f', '-'], { input: list(scenery) });
  await rm(directory, { recursive: true });
});

const ownPath = '/apis/gpugate.dev/v1alpha1';

async function createOwn(object: Readonly<Record<string, unknown>>): Promise<void> {
  const plural = object['kind'] === 'TenantQuota' ? 'tenantquotas' : 'workloadpolicies';
  const { status, body } = await cluster.request('POST', `${ownPath}/${plural}`, object);
  if (status !== 201) throw new Error(JSON.stringify(body));
}

type OwnObjects = { items: { status?: { conditions?: { status: string }[] } }[] };

/** As their own status says. */
async function areInForce(): Promise<boolean> {
  const lists = await Promise.all(
    ['workloadpolicies', 'tenantquotas'].map(async (plural) => cluster.request('GET', `${ownPath}/${plural}`)),
  );
  const objects = lists.flatMap(({ body }) => (body as OwnObjects).items);
  return objects.every(({ status }) => status?.conditions?.every((condition) => condition.status === 'True') === true);
}

const requestsOf = createRequestsOf({ user: alice, namespace: 'default', kinds: new Set(reviewedKinds) });

/** The request of an object as `gpugate check` makes it out of a text. */
function requestFor(text: string, user: AdmissionRequest['user']): AdmissionRequest {
  const [object] = readManifestText(text).objects;
  const [asked] = object === undefined ? [] : requestsOf(object.value).requests;
  if (asked === undefined) throw new Error(`no request: ${text}`);
  return { ...asked.request, user };
}

/** What the server names, the offline judge is told: of a generateName it knows only the beginning. */
async function compare(request: AdmissionRequest): Promise<'allowed' | 'denied' | 'invalid'> {
  const response = await askWatched(request);
  const metadata = (request.object as { metadata: { name?: string; generateName?: string } }).metadata;
  const name = metadata.name ?? generatedName(response, request.namespace);
  const named = {
    ...request,
    name: name ?? '',
    object: { ...(request.object as object), metadata: { ...metadata, name } },
  };
  const expected = serverAnswer(response, request);
  expect(await offlineAnswer(named, judge, askUnwatched)).toEqual(expected);
  return expected.kind;
}

async function compareUpdate(fixture: FixtureCase, stored: Stored): Promise<'allowed' | 'denied' | 'invalid'> {
  const { kind } = fixture.object;
  const { name } = stored.metadata;
  const { group, resource } = resourcesOf[kind as keyof typeof resourcesOf];
  const { namespace, user, operation } = fixture;
  const about = { uid: 'u', kind, group, resource, namespace, name, operation, user, dryRun: true };
  // The API server removes it without asking any of our webhooks.
  if (operation === 'DELETE') {
    const request = { ...about, subResource: '', object: null, oldObject: stored };
    expect((await judge(request)).outcome.decision.kind).toBe('allow');
    return 'allowed';
  }
  const request = { ...about, ...updateOf(stored, fixture), oldObject: stored };
  const expected = serverAnswer(await askWatched(request), request);
  const twin = await store(cluster, fixture.oldObject ?? fixture.object, unwatchedNamespace);
  const { uid, resourceVersion } = twin.metadata;
  const onTwin: typeof askUnwatched = async ({ object, ...rest }) => {
    const moved = object as Stored;
    const spec = kind === 'Service' ? twin.spec : moved.spec;
    return askUnwatched({ ...rest, object: { ...moved, spec, metadata: { ...moved.metadata, uid, resourceVersion } } });
  };
  const answer = await offlineAnswer(request, judge, onTwin);
  await remove(cluster, twin, unwatchedNamespace);
  expect(answer).toEqual(expected);
  return expected.kind;
}

/** How many of each kind there are. */
const countOf = (kinds: readonly string[]) =>
  Object.fromEntries(
    Array.from(
      Map.groupBy(kinds, (kind) => kind),
      ([kind, all]) => [kind, all.length],
    ),
  );

/** Of these the API server itself says more than any webhook is asked about. */
const invalidFixtures: readonly string[] = [];

describe(`check answers what the API server answers, word for word: ${fixtures.length} fixtures, 3 examples, ${wantedPods} random pods`, () => {
  const kindOf = new Map<string, string>();
  test.each(fixtures)('fixture $title', async (fixture) => {
    const stored = storedOf.get(fixture);
    const compared =
      stored === undefined
        ? compare(requestFor(stringify(fixture.object), fixture.user))
        : compareUpdate(fixture, stored);
    kindOf.set(fixture.title, await compared);
  });

  test('which fixtures the API server refuses by itself', () => {
    process.stdout.write(`fixtures: ${JSON.stringify(countOf([...kindOf.values()]))}\n`);
    const invalid = fixtures.map(({ title }) => title).filter((title) => kindOf.get(title) === 'invalid');
    expect(invalid).toEqual(invalidFixtures);
  });

  test('the examples', async () => {
    const { objects } = await readObjects([examplePods]);
    expect(objects).toHaveLength(3);
    const kinds = [];
    for (const { value } of objects) kinds.push(await compare(requestFor(stringify(value), alice)));
    expect(kinds).toEqual(['allowed', 'denied', 'allowed']);
  });

  test(`${wantedPods} random pods that the API server takes (seed ${seed})`, async () => {
    const kinds: string[] = [];
    let compared = 0;
    for (const pod of randomPods(randomNamespaces, { seed, count: 3 * wantedPods })) {
      if (compared === wantedPods) break;
      const kind = await compare(requestFor(JSON.stringify(pod), alice));
      if (kind !== 'invalid') compared += 1;
      kinds.push(kind);
    }
    process.stdout.write(`random pods: ${JSON.stringify(countOf(kinds))}\n`);
    expect(compared).toBe(wantedPods);
  });
});

describe('the command itself', () => {
  test('says what kubectl says', async () => {
    const file = join(examplePods, 'refused.yaml');
    const who = ['--as', 'alice', '--as-group', 'tenants', '--as-group', allowedGroup];
    const kubectl = await cluster.kubectl(['create', '--dry-run=server', '-f', file], {
      as: 'alice',
      asGroups: ['tenants', allowedGroup, 'system:authenticated'],
    });
    const flags = ['--policies', policies, '--snapshot', snapshot, ...who, '-o', 'json'];
    const { code, stdout } = await runGpugate(['check', file, ...flags]);
    expect(code).toBe(1);
    const { results } = JSON.parse(stdout) as { results: { data: { message: string; warnings: string[] } }[] };
    expect(results).toHaveLength(1);
    const { message, warnings } = results[0]?.data ?? { message: '', warnings: [] };
    expect(kubectl.stderr).toContain(message);
    for (const warning of warnings) expect(kubectl.stderr).toContain(`Warning: ${warning}`);
  });
});
