import { createInterface } from 'node:readline';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createMutatePods, createValidate, type AdmissionSources } from '../../src/admission/admit.ts';
import { compileExemptions } from '../../src/admission/exemption.ts';
import { createHandleReview } from '../../src/http/reviews.ts';
import { compilePolicy } from '../../src/admission/policy-set.ts';
import { warmUp } from '../../src/serve/warm-up.ts';
import { loadPolicies } from '../../src/cli/input/load-rules.ts';
import { createClient } from '../../src/cluster/client/client.ts';
import { findApiServer } from '../../src/cluster/client/find-api-server.ts';
import { systemClock } from '../../src/cluster/client/retry.ts';
import { ClusterView } from '../../src/cluster/view/view.ts';
import { createAdmissionServer } from '../../src/http/admission-server.ts';
import { openCertificates } from '../../src/serve/serving-certificates.ts';
import { loadConfig } from '../../src/config.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createSilentLog } from '../../src/telemetry/log.ts';
import { examplePolicies } from '../support/examples.ts';

/**
 * The view and the webhooks in one process, as in `serve`. It prints a JSON line with its figures when it has synced, and
 * again after each relist. A line on its standard input starts a relist. Arguments: directory of a ServiceAccount,
 * directory for certificates. Run with --expose-gc.
 */
const [, , serviceAccount = '', certs = ''] = process.argv;
const collect = globalThis.gc ?? (() => undefined);
const log = createSilentLog();
const metrics = createMetrics({ version: 'bench', processMetrics: false });
const now = () => performance.now();

const policies = (await loadPolicies([examplePolicies])).map(compilePolicy);
const server = await findApiServer({ environment: process.env, serviceAccountDirectory: serviceAccount });
const view = new ClusterView({ client: createClient(server, systemClock), clock: systemClock, log, metrics });
const sources: AdmissionSources = {
  policies: () => policies,
  cluster: view.facts,
  findExemption: compileExemptions({ namespaces: [], users: [], groups: [] }),
  maxStalenessMs: 120_000,
};
const handlerOf = {
  '/mutate/pods': createMutatePods(sources),
  '/validate/gpu': createValidate(sources, { needsFreshView: true }),
};
const certificates = await openCertificates(loadConfig({ flags: { certs }, environment: {} }), {
  log,
  metrics,
  live: undefined,
  environment: {},
});
const admission = await createAdmissionServer({
  certificates: certificates.source,
  reviews: new Map(
    Object.entries(handlerOf).map(([path, admit]) => [path, createHandleReview('bench', admit, { log, metrics })]),
  ),
  metrics,
  log,
  host: '127.0.0.1',
  port: 0,
  now,
});

collect();
const heapBefore = process.memoryUsage().heapUsed;
const stalls = monitorEventLoopDelay({ resolution: 1 });
stalls.enable();

async function settled(): Promise<void> {
  collect();
  await systemClock.sleep(1000);
  collect();
}

function report(seconds: number): void {
  const { heapUsed, rss } = process.memoryUsage();
  const pods = view.pods.size();
  const figures = {
    port: admission.address.port,
    seconds,
    pods,
    nodes: view.nodes.size(),
    namespaces: view.namespaces.size(),
    rssMiB: rss / 2 ** 20,
    peakMiB: process.resourceUsage().maxRSS / 1024,
    heapBytes: heapUsed - heapBefore,
    stallMs: stalls.max / 1e6,
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

const start = now();
void view.run(new AbortController().signal);
await view.synced;
const seconds = (now() - start) / 1000;
stalls.disable();
warmUp(Object.values(handlerOf), { log, metrics: createMetrics({ version: 'bench', processMetrics: false }) });
await settled();
report(seconds);

let relists = 0;
metrics.relist = () => void relists++;
createInterface({ input: process.stdin }).on('line', () => {
  const before = relists;
  const began = now();
  stalls.reset();
  stalls.enable();
  view.relistPods();
  const wait = setInterval(() => {
    if (relists === before) return;
    clearInterval(wait);
    stalls.disable();
    report((now() - began) / 1000);
  }, 20);
});
process.stdin.on('end', () => process.exit(0));
