import { CoreV1Api, KubeConfig, makeInformer } from '@kubernetes/client-node';

/** Measures the memory of client-node's own informer for the same pods. Argument: a kubeconfig. Run with --expose-gc. */
const config = new KubeConfig();
config.loadFromFile(process.argv[2] ?? '');
const collect = globalThis.gc ?? (() => undefined);
const api = config.makeApiClient(CoreV1Api);
collect();
const heapBefore = process.memoryUsage().heapUsed;
const informer = makeInformer(config, '/api/v1/pods', () => api.listPodForAllNamespaces());
await informer.start();
const pods = informer.list().length;
collect();
await new Promise((resolve) => setTimeout(resolve, 1000));
collect();
const { heapUsed, rss } = process.memoryUsage();
process.stdout.write(`${JSON.stringify({ pods, rssMiB: rss / 2 ** 20, heapBytes: heapUsed - heapBefore })}\n`);
process.exit(0);
