import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { compileExemptions } from '../../src/admission/exemption.ts';
import { compilePolicy } from '../../src/admission/policy-set.ts';
import type { AdmissionRequest } from '../../src/review/decode.ts';
import { reviewedKinds } from '../../src/api/workload-policy.ts';
import { createOfflineJudge, type OfflineJudge } from '../../src/cli/judge/offline-judge.ts';
import { readManifestText } from '../../src/cli/input/manifest-text.ts';
import { readObjects } from '../../src/cli/input/read-objects.ts';
import { createRequestsOf } from '../../src/cli/judge/requests-of.ts';
import { resourcesOf } from '../../src/cli/manifests/webhook-configurations.ts';
import { loadRules } from '../../src/cli/input/load-rules.ts';
import { readSnapshotFile } from '../../src/files/snapshot-file.ts';
import { usageOfSnapshot } from '../../src/files/snapshot-usage.ts';
import { connectControlPlane } from '../controlplane/connect.ts';
import { createNode } from '../controlplane/create-node.ts';
import { examplePods, examplePolicies } from '../support/examples.ts';
import { apply, createSnapshotObjects, installGpugate, type GpugateOnCluster } from '../support/gpugate-on-cluster.ts';
import { outputOf, runGpugate } from '../support/run-gpugate.ts';
import {
  type Answer,
  createAsk,
  generatedName,
  offlineAnswer,
  serverAnswer,
  unwatchedNamespace,
} from './conformance/answer.ts';
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
  if ('problems' in read) throw new Error(JSON.stringify(read.problems));
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

/**
 * Kubernetes 1.37 completes `spec.resources` of a pod after the mutating webhooks, and with limits; 1.36 did it before them,
 * with requests only. The offline commands follow the newest.
 */
async function completesPodsLate(): Promise<boolean> {
  const { body } = await cluster.request('GET', '/version');
  return Number((body as { minor: string }).minor) >= 37;
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
async function compare(request: AdmissionRequest): Promise<Answer> {
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
  return expected;
}

async function compareUpdate(fixture: FixtureCase, stored: Stored): Promise<Answer> {
  const { kind } = fixture.object;
  const { name } = stored.metadata;
  const { group, resource } = resourcesOf[kind as keyof typeof resourcesOf];
  const { namespace, user, operation } = fixture;
  const about = { uid: 'u', kind, group, resource, namespace, name, operation, user, dryRun: true };
  // The API server removes it without asking any of our webhooks.
  if (operation === 'DELETE') {
    const request = { ...about, subResource: '', object: null, oldObject: stored };
    expect((await judge(request)).outcome.decision.kind).toBe('allow');
    return { kind: 'allowed', object: undefined, warnings: [] };
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
  return expected;
}

/** How many of each kind there are. */
const countOf = (answers: readonly Answer[]) =>
  Object.fromEntries(
    Array.from(
      Map.groupBy(answers, ({ kind }) => kind),
      ([kind, all]) => [kind, all.length],
    ),
  );

/** Fixtures that the API server itself refuses, with a piece of what it says: of these no validating webhook is asked. */
const refusedByItself: Readonly<Record<string, string>> = {
  'resource-name pass: a-kind-that-the-policy-does-not-name': 'configmaps "kube-root-ca.crt" already exists',
  'resource-name fail: a-name-in-another-script-with-control-characters': 'RFC 1123 subdomain',
  'resource-maximum pass: containers-without-a-device-limit': 'HugePages require cpu or memory',
  'resource-maximum pass: no-hugepages-and-no-devices': 'HugePages require cpu or memory',
  'resource-maximum fail: a-limit-that-is-not-a-quantity': 'quantities must match the regular expression',
  'resource-maximum fail: an-overhead-that-exceeds-the-maximum': 'without corresponding RuntimeClass defined Overhead',
  'gpu-quantity fail: a-gpu-for-the-whole-pod': 'Unsupported value: "nvidia.com/gpu"',
  'gpu-quantity fail: a-request-below-its-limit': 'must be equal to nvidia.com/gpu.shared limit of 1',
  'gpu-quantity fail: a-request-without-a-limit': 'Limit must be set for non overcommitable resources',
  'gpu-quantity fail: half-a-gpu': 'must be an integer',
  'gpu-quantity fail: resource-quota-keys': "doesn't follow extended resource name standard",
  'gpu-quantity fail: texts-that-are-not-quantities': 'quantities must match the regular expression',
  'resource-known pass: native-resources-that-no-node-lists': 'HugePages require cpu or memory',
};

describe(`check answers what the API server answers, word for word: ${fixtures.length} fixtures, 4 examples, ${wantedPods} random pods`, () => {
  const answers = new Map<string, Answer>();
  test.each(fixtures)('fixture $title', async (fixture) => {
    const stored = storedOf.get(fixture);
    const request = () => requestFor(stringify(fixture.object), fixture.user);
    answers.set(fixture.title, await (stored === undefined ? compare(request()) : compareUpdate(fixture, stored)));
  });

  test('and no more fixtures than these are refused by the API server itself', () => {
    process.stdout.write(`conformance of fixtures: ${JSON.stringify(countOf([...answers.values()]))}\n`);
    const refused = [...answers].flatMap(([title, answer]) =>
      answer.kind === 'invalid' ? [{ title, ...answer }] : [],
    );
    expect(refused.map(({ title }) => title)).toEqual(Object.keys(refusedByItself));
    for (const { title, problems } of refused) expect(problems.join('\n')).toContain(refusedByItself[title]);
  });

  test('the examples', async () => {
    const { objects } = await readObjects([examplePods]);
    expect(objects).toHaveLength(4);
    const kinds = [];
    for (const { value } of objects) kinds.push((await compare(requestFor(stringify(value), alice))).kind);
    expect(kinds).toEqual(['allowed', 'denied', 'denied', 'allowed']);
  });

  test(`${wantedPods} random pods that the API server takes (seed ${seed})`, async () => {
    const found: Answer[] = [];
    let compared = 0;
    const isNewest = await completesPodsLate();
    for (const pod of randomPods(randomNamespaces, { seed, count: 3 * wantedPods })) {
      if (compared === wantedPods) break;
      const { spec } = pod as { spec: { resources?: unknown } };
      if (!isNewest && spec.resources !== undefined) continue;
      const answer = await compare(requestFor(JSON.stringify(pod), alice));
      if (answer.kind !== 'invalid') compared += 1;
      found.push(answer);
    }
    process.stdout.write(`conformance of random pods: ${JSON.stringify(countOf(found))}\n`);
    expect(compared).toBe(wantedPods);
  });
});

describe('pods of workloads', () => {
  const template = {
    metadata: { labels: { app: 'web' } },
    spec: { containers: [{ name: 'web', image: 'x', securityContext: { privileged: true } }], restartPolicy: 'Always' },
  };
  const selector = { matchLabels: { app: 'web' } };
  const once = { ...template, spec: { ...template.spec, restartPolicy: 'Never' } };
  const workloads: Readonly<Record<string, [apiVersion: string, spec: object]>> = {
    ReplicationController: ['v1', { selector: selector.matchLabels, template }],
    ReplicaSet: ['apps/v1', { selector, template }],
    Deployment: ['apps/v1', { selector, template }],
    StatefulSet: ['apps/v1', { selector, template, serviceName: 'web' }],
    DaemonSet: ['apps/v1', { selector, template }],
    Job: ['batch/v1', { template: once }],
  };

  test.each(Object.entries(workloads))(
    'of a %s are refused as its controller is told',
    async (kind, [apiVersion, spec]) => {
      const name = `web-${kind.toLowerCase()}`;
      const object = { apiVersion, kind, metadata: { name, namespace: 'random-deny' }, spec };
      await apply(cluster, JSON.stringify(object));
      const asked = requestsOf(object).requests.find(({ request }) => request.kind === 'Pod');
      if (asked === undefined) throw new Error('no pods');
      const { message = 'allowed' } = await judge({ ...asked.request, dryRun: true });
      const [reason = '', end = ''] = message.split('\n');
      expect(end).toMatch(new RegExp(`^ 1 reason; gpugate refused pod random-deny/${name}-.*\\.$`));
      const told = async () => eventsOf(await cluster.request('GET', '/api/v1/namespaces/random-deny/events'), name);
      await expect.poll(told, { timeout: 30_000 }).toContain(`${reason}\n`);
      await cluster.kubectl(['delete', kind, name, '-n', 'random-deny', '--wait=false']);
    },
  );
});

type Events = { items: { message: string; involvedObject: { name: string } }[] };

const eventsOf = ({ body }: { body: unknown }, owner: string): string =>
  (body as Events).items
    .filter(({ involvedObject }) => involvedObject.name.startsWith(owner))
    .map(({ message }) => message)
    .join('\n');

test('YAML is read as kubectl reads it', async () => {
  const scalars =
    'y Y n N yes Yes YES yEs no No NO on On ON off Off OFF oFF true True TRUE tRue false ~ null Null nUll "" ' +
    '"on" !!str off 0 00 010 -010 +010 08 0o10 0x1F 0X1f 0xG 0b11 0B11 -0b11 1_000 _1 1__0 1_ 1e3 1E3 1e+3 1.5 1. .5 ' +
    '-.5 +.5 1.5e-3 . .. 1.2.3 1:20 190:20:30 2024-01-02 2024-1-2 2024-01-02T03:04:05Z 100m 1Gi 0.5Gi 123456789012 -1 + <';
  const text = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\ndata:\n${scalars
    .split(' ')
    .map((scalar, index) => `  k${index}: ${scalar}\n`)
    .join('')}  off: 1\n  1: 2\n  0x10: 3\n  k0: again\n`;
  const flags = ['--dry-run=client', '--validate=false', '-o', 'json', '-f', '-'];
  const { stdout, stderr } = await cluster.kubectl(['create', ...flags], { input: text });
  expect(stderr).toBe('');
  expect(readManifestText(text).objects[0]?.value['data']).toEqual((JSON.parse(stdout) as { data: unknown }).data);
});

describe('the command itself', () => {
  test.each(['--snapshot', '--kubeconfig'])('says what kubectl says, with the facts of %s', async (source) => {
    const file = join(examplePods, 'refused.yaml');
    const who = ['--as', 'alice', '--as-group', 'tenants', '--as-group', allowedGroup];
    const facts = [source, source === '--snapshot' ? snapshot : cluster.kubeconfig];
    const kubectl = await cluster.kubectl(['create', '--dry-run=server', '-f', file], {
      as: 'alice',
      asGroups: ['tenants', allowedGroup, 'system:authenticated'],
    });
    const flags = ['--policies', policies, ...facts, ...who, '-o', 'json'];
    const { code, stdout } = await runGpugate(['check', file, ...flags]);
    expect(code).toBe(1);
    const { results } = JSON.parse(stdout) as { results: { data: { message: string; warnings: string[] } }[] };
    expect(results).toHaveLength(1);
    const { message, warnings } = results[0]?.data ?? { message: '', warnings: [] };
    expect(kubectl.stderr).toContain(message);
    for (const warning of warnings) expect(kubectl.stderr).toContain(`Warning: ${warning}`);
  });
});
