import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeOptions } from '../../src/cli/manifests/deployment.ts';
import type { ControlPlane } from '../controlplane/start.ts';
import { applyAll, quotaOf, until } from '../e2e/tenant-quotas.ts';
import { installGpugate } from '../support/gpugate-on-cluster.ts';
import { bytesOf } from '../support/reviews.ts';
import { apiServerReview } from './api-server-review.ts';
import { residentMiB } from './pinned-server.ts';
import { postReview } from './post-review.ts';
import { atLeast, atMost, median, type Figures } from './report.ts';
import { runLoad } from './tls-load.ts';

const rounds = 5;
const seconds = 3;
const connections = 16;
const hard = 1_000_000;
const shared = 'nvidia.com/gpu.shared';
const name = 'bench';

/**
 * Dry runs of a pod that a quota charges, decided over all pods of the view, beside the same pod in a namespace that no
 * quota charges: one `gpugate serve`, in turns. The pods are in the namespaces `proj-0` and on.
 */
export async function benchQuotaDryRun(
  cluster: ControlPlane,
  pods: number,
  progress: (line: string) => void,
): Promise<Figures> {
  const gpugate = await installGpugate(cluster, { environment: () => ({ NODE_OPTIONS: nodeOptions }) });
  try {
    const digits = Array.from({ length: 10 }, (_, digit) => `proj-${digit}*`);
    await applyAll(cluster, [quotaOf(name, digits, hard, { hard: { [shared]: String(hard) } })]);
    await until('the quota counts every pod', async () => (await usedOf(cluster)) === pods);
    const [replica] = gpugate.replicas;
    if (replica === undefined) throw new Error('there is no replica');
    const target = { port: replica.port, certs: gpugate.certs, path: '/validate/gpu' };
    const reviews = { charged: dryRunIn('proj-7'), uncharged: dryRunIn('proj-a') };
    for (const review of Object.values(reviews)) {
      const { allowed, status } = await postReview(target, review);
      if (!allowed) throw new Error(`the dry run is not allowed: ${status?.message}`);
    }
    const load = async (review: object): Promise<number> => {
      const ca = readFileSync(join(gpugate.certs, 'ca.crt'), 'utf8');
      const {
        requests,
        seconds: taken,
        notOk,
      } = await runLoad({
        ...target,
        body: bytesOf(review),
        ca,
        connections,
        seconds,
      });
      if (notOk > 0) throw new Error(`${notOk} of ${requests} answers were not 200`);
      return requests / taken;
    };
    const charged: number[] = [];
    const uncharged: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      const perSecond = { charged: await load(reviews.charged), uncharged: await load(reviews.uncharged) };
      if (round === 0) continue; // it warms up
      charged.push(perSecond.charged);
      uncharged.push(perSecond.uncharged);
      progress(`quota dry run: round ${round} of ${rounds}`);
    }
    const ratio = median(charged.map((value, round) => value / (uncharged[round] ?? Number.NaN)));
    return {
      quota_dry_run: atLeast(ratio, 0.9, 'x of the path without a quota'),
      charged_per_second: { value: median(charged), unit: 'requests/s' },
      uncharged_per_second: { value: median(uncharged), unit: 'requests/s' },
      rss_serve: atMost(residentMiB(replica.pid), 150, `MiB, ${pods} pods`),
    };
  } finally {
    await cluster.request('DELETE', `/apis/gpugate.dev/v1alpha1/tenantquotas/${name}`);
    await gpugate.uninstall();
  }
}

async function usedOf({ request }: ControlPlane): Promise<number> {
  const { body } = await request('GET', `/apis/gpugate.dev/v1alpha1/tenantquotas/${name}`);
  type Quota = {
    readonly status?: { readonly groups?: readonly { readonly used: Readonly<Record<string, string>> }[] };
  };
  return Number((body as Quota).status?.groups?.[0]?.used[shared] ?? 0);
}

function dryRunIn(namespace: string): object {
  const review = apiServerReview('validate') as { request: { object: { metadata: object } } };
  const object = { ...review.request.object, metadata: { ...review.request.object.metadata, namespace } };
  return { ...review, request: { ...review.request, namespace, object, dryRun: true } };
}
