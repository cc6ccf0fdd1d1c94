import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { connectControlPlane } from '../controlplane/connect.ts';
import { churn, createPod, gpuPod, newPodName } from '../support/churn.ts';
import { refusal, refusedLabel, startDenyingWebhook, type DenyingWebhook } from '../support/denying-webhook.ts';
import { watchEtcdPods } from '../support/etcd-pods.ts';
import { installGpugate, type GpugateOnCluster } from '../support/gpugate-on-cluster.ts';
import { anHourAhead } from '../support/serve-process.ts';
import { unjustifiedDenials, type Attempt } from '../support/unjustified-denials.ts';
import {
  applyAll,
  createMany,
  namespaceOf,
  podsIn,
  quotaOf,
  readLedger,
  removeNamespaces,
  until,
  untilCharged,
} from './tenant-quotas.ts';

const cluster = connectControlPlane(inject('controlPlane'));
let gpugate: GpugateOnCluster;

const churned = ['qa-churn-1', 'qa-churn-2', 'qa-churn-3'];
const namespaces = ['qa-burst', ...churned, 'qa-names', 'qa-over-1', 'qa-over-2', 'qa-late'];
const churnMs = Number(process.env['QUOTA_CHURN_SECONDS'] ?? 15) * 1000;
const quotas = [
  quotaOf('qa-burst', ['qa-burst'], 64),
  quotaOf('qa-churn', ['qa-churn-*'], 8),
  quotaOf('qa-names', ['qa-names'], 5),
  quotaOf('qa-over', ['qa-over-*'], 4),
  quotaOf('qa-over-1', ['qa-over-1'], 3),
  quotaOf('qa-late', ['qa-late'], 2),
];

let somebody: DenyingWebhook;
/** The pod that somebody else refuses, when gpugate has admitted it. */
let late: Attempt;

beforeAll(async () => {
  // The clock on the wall of one of them is an hour ahead.
  gpugate = await installGpugate(cluster, {
    replicas: 3,
    webhookTimeoutSeconds: 15,
    environment: (replica) => (replica === 1 ? anHourAhead : {}),
  });
  await applyAll(cluster, [...namespaces.map((name) => namespaceOf(name)), ...quotas]);
  await untilCharged(cluster, 'qa-late', 'qa-late', 2);
  await untilCharged(cluster, 'qa-burst', 'qa-burst', 64);
  somebody = await startDenyingWebhook(cluster, {
    namespace: 'qa-late',
    untilOthersAnswered: (name) => until(`gpugate admits ${name}`, () => hasAdmitted(name)),
  });
  const labels = { [refusedLabel]: 'yes' };
  await until('somebody else refuses pods', async () => {
    const pod = gpuPod({ name: newPodName() }, { labels });
    const { body } = await cluster.request('POST', '/api/v1/namespaces/qa-late/pods?dryRun=All', pod);
    return String((body as { message?: string }).message).includes(refusal);
  });
  late = await createPod(cluster, 'qa-late', { labels });
});
afterAll(async () => {
  await somebody.stop();
  await gpugate.uninstall();
  await cluster.kubectl(['delete', 'tenantquotas', ...quotas.map(({ metadata }) => metadata.name)]);
  await removeNamespaces(cluster, namespaces);
});

function hasAdmitted(name: string): boolean {
  const lines = gpugate.replicas.flatMap(({ lines }) => lines).filter((line) => line.includes(`"name":"${name}"`));
  return lines.some((line) => line.includes('"webhook":"gpu.validate"'));
}

const reservedPods = async () => (await readLedger(cluster)).reserved.map(({ ns, name }) => `${ns}/${name}`);

describe('a pod that something else refuses after gpugate has admitted it', () => {
  test('is held, and whoever meets it is told when to try again', async () => {
    expect(late.message).toContain(refusal);
    expect((await createPod(cluster, 'qa-late')).outcome).toBe('created');
    await until('the other pod is counted once', async () => (await reservedPods()).join() === late.key);
    expect((await createPod(cluster, 'qa-late')).message).toMatch(
      /\[quota\] nvidia\.com\/gpu: 1 requested, 1 used and 1 reserved of 2, 1 short\. .* \(quota qa-late\)\n/,
    );
  });
});

describe('three replicas', () => {
  test('admit exactly 64 of 200 pods that come at once, and tell the others why', async () => {
    const truth = await watchEtcdPods(cluster.etcd, 'qa-burst/');
    const { created, denied, failed } = await createMany(cluster, 'qa-burst', 200);
    expect(failed.map(({ message }) => message)).toEqual([]);
    expect([created.length, denied.length]).toEqual([64, 136]);
    await truth.caughtUp();
    expect(truth.most()).toBe(64);
    await truth.stop();
    for (const { key, message } of denied) {
      const text =
        /\[quota\] nvidia\.com\/gpu: 1 requested, (\d+) used(?: and (\d+) reserved)? of 64, 1 short\. .* \(quota qa-burst\)\n 1 reason; gpugate refused pod (.*)\.$/.exec(
          message,
        );
      expect(text?.[3], message).toBe(key);
      expect(Number(text?.[1]) + Number(text?.[2] ?? 0)).toBe(64);
      if (Number(text?.[2] ?? 0) > 0) expect(message).toContain('try again in a minute.');
    }
  });

  test('are never over, and refuse nobody for whom there is room, while pods come and go in three namespaces', async () => {
    const truth = await watchEtcdPods(cluster.etcd, 'qa-churn-');
    const attempts = await churn(cluster, { namespaces: churned, clients: 16, ms: churnMs });
    await truth.caughtUp();
    await truth.stop();
    expect(attempts.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    expect(truth.most()).toBeLessThanOrEqual(8);
    expect(unjustifiedDenials(attempts, truth.lives, 8)).toEqual([]);
    expect(attempts.filter(({ outcome }) => outcome === 'created').length).toBe(truth.lives.size);
    // The check says something only if the limit was met.
    expect(truth.most()).toBe(8);
    expect(attempts.some(({ outcome }) => outcome === 'denied')).toBe(true);
  });

  test('keep no reservation of pods that are visible', async () => {
    // On a slow machine, that of the late pod may have expired by now.
    const allowed = new Set([late.key, '']);
    await until('the ledger holds nothing but the late pod', async () => allowed.has((await reservedPods()).join()));
  });

  test('charge pods that the API server names', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, () =>
        cluster.request('POST', '/api/v1/namespaces/qa-names/pods', gpuPod({ generateName: 'train-' })),
      ),
    );
    const count = (wanted: number) => answers.filter(({ status }) => status === wanted).length;
    expect([count(201), count(403)]).toEqual([5, 7]);
    expect(await podsIn(cluster, 'qa-names')).toHaveLength(5);
    const refused = answers
      .filter(({ status }) => status === 403)
      .map(({ body }) => (body as { message: string }).message);
    for (const message of refused)
      expect(message).toMatch(/1 reason; gpugate refused pod qa-names\/train-[a-z0-9]{5}\.$/);
  });

  test('reserve in all quotas that charge a pod, or in none', async () => {
    const first = await createMany(cluster, 'qa-over-1', 6);
    expect(first.created).toHaveLength(3);
    for (const { message } of first.denied) expect(message).toContain('(quota qa-over-1)');
    // Had the refused ones been charged to the wider quota, nothing would fit here.
    const second = await createMany(cluster, 'qa-over-2', 2);
    expect(second.created).toHaveLength(1);
    expect(second.denied[0]?.message).toMatch(/\[quota\] nvidia\.com\/gpu: 1 requested, .* \(quota qa-over\)\n/);
    const both = await createPod(cluster, 'qa-over-1');
    expect(both.message).toMatch(/\[quota\] .* \(quota qa-over\)\n \[quota\] .* \(quota qa-over-1\)\n 2 reasons; /);
  });
});

describe('a minute after a pod was admitted that never came', () => {
  test('its room is given back, once', async () => {
    await until('its reservation has expired', async () => (await reservedPods()).length === 0);
    const { created, denied } = await createMany(cluster, 'qa-late', 4);
    expect([created.length, denied.length]).toEqual([1, 3]);
  }, 200_000);
});
