import { CoreV1Api, KubeConfig, makeInformer } from '@kubernetes/client-node';

/** What client-node's own informer takes for the same pods. Argument: a kubeconfig. Run with --expose-gc. */
const config = new KubeConfig();
config.loadFromFile(process.argv[2] ?? '');
const collect = globalThis.gc ?? (() => undefined);
const api = config.makeApiClient(CoreV1Api);
collect();
const heapBefore = process.memoryUsage().heapUsed;
const start = performance.now();
const informer = makeInformer(config, '/api/v1/pods', () => api.listPodForAllNamespaces());
await informer.start();
const pods = informer.list().length;
const seconds = (performance.now() - start) / 1000;
collect();
await new Promise((resolve) => setTimeout(resolve, 1000));
collect();
const { heapUsed, rss } = process.memoryUsage();
const peakMiB = process.resourceUsage().maxRSS / 1024;
process.stdout.write(
  `${JSON.stringify({ seconds, pods, rssMiB: rss / 2 ** 20, peakMiB, heapBytes: heapUsed - heapBefore })}\n`,
);
process.exit(0);
