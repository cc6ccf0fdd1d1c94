import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytesOf } from '../support/reviews.ts';
import { apiServerReview } from './api-server-review.ts';
import { runOpenLoop } from './open-loop.ts';
import { atMost, median, percentile, type Figures } from './report.ts';
import { startBare } from './start-bare.ts';
import type { ViewChild } from './view-child.ts';

const perSecond = 1000;
const warmUpMs = 5000;
const quietMs = 10_000;
const relists = 10;
const barMs = 5;

/**
 * Reviews at a fixed rate, half of them mutating: while nothing else happens, and while the view lists its pods again. The
 * same load on a bare webhook beside such relists tells what two cores that the API server shares allow.
 */
export async function benchOpenLoop(view: ViewChild, certs: string): Promise<Figures> {
  const loadOn = (port: number) => startLoad(port, certs);
  const relistAll = async () => {
    for (let i = 0; i < relists; i++) await view.relist();
  };
  await loadOn(view.first.port).during(() => sleep(warmUpMs));
  const quiet = await loadOn(view.first.port).during(() => sleep(quietMs));
  const relisting = await loadOn(view.first.port).during(relistAll);
  const bare = await startBare(certs);
  const beside = await loadOn(bare.port).during(relistAll).finally(bare.stop);
  return {
    open_loop_p50: { value: median(quiet), unit: `ms at ${perSecond} requests/s` },
    open_loop_p99: atMost(percentile(quiet, 0.99), barMs, `ms at ${perSecond} requests/s`),
    relist_p50: { value: median(relisting), unit: 'ms, while a relist runs' },
    relist_p99: atMost(percentile(relisting, 0.99), barMs, 'ms, while a relist runs'),
    beside_p50: { value: median(beside), unit: 'ms: a bare webhook, beside a relist' },
    beside_p99: { value: percentile(beside, 0.99), unit: 'ms: a bare webhook, beside a relist' },
  };
}

function startLoad(port: number, certs: string) {
  const abort = new AbortController();
  const latencies = runOpenLoop({
    port,
    ca: readFileSync(join(certs, 'ca.crt'), 'utf8'),
    perSecond,
    signal: abort.signal,
    paths: [
      { path: '/mutate/pods', body: bytesOf(apiServerReview('mutate')) },
      { path: '/validate/gpu', body: bytesOf(apiServerReview('validate')) },
    ],
  });
  return {
    during: async (work: () => Promise<void>): Promise<readonly number[]> => {
      await work().finally(() => abort.abort());
      return latencies;
    },
  };
}
