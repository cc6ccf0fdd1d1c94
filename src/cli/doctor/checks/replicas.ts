import { messageOf } from '../../../text/errors.ts';
import { problem, ok, skipped, warning, type Check, type DoctorContext, type Finding } from '../check.ts';
import { readAll } from '../read-objects.ts';

type EndpointSlice = {
  readonly endpoints?: readonly { readonly addresses?: readonly string[] }[] | null;
};

const timeoutMs = 2500;
const opsPort = 8080;

/** With a view this old, a replica can soon decide nothing. A quiet watch is given up after 95 s. */
const oldViewSeconds = 100;

/** Whether each replica is ready, how old its view is, and whether all run one version. */
export const replicas: Check = {
  id: 'replicas',
  look: async (context) => {
    const urls = context.opsUrls.length > 0 ? context.opsUrls : await urlsOfEndpoints(context);
    if (urls.length === 0) {
      const mend = `Look at the pods: kubectl -n ${context.namespace} get deployments,pods`;
      return [problem(`no pod is behind Service ${context.service} in ${context.namespace}`, mend)];
    }
    if (context.opsUrls.length === 0 && !context.isInside) {
      return [
        skipped(
          `${urls.length} replicas can be reached only from inside the cluster`,
          'Run the doctor as a Job in the cluster.',
        ),
      ];
    }
    const seen = await Promise.all(urls.map(lookAt));
    const versions = new Set(seen.flatMap(({ version }) => version ?? []));
    const several =
      versions.size > 1
        ? [
            warning(
              `replicas run different versions: ${[...versions].toSorted().join(', ')}`,
              'Wait until the rollout has finished.',
            ),
          ]
        : [];
    const alone =
      urls.length === 1
        ? [warning('there is only one replica', 'Run two, so that one decides while the other restarts.')]
        : [];
    return [...seen.map(({ finding }) => finding), ...several, ...alone];
  },
};

async function urlsOfEndpoints({ client, namespace, service }: DoctorContext): Promise<readonly string[]> {
  const selector = encodeURIComponent(`kubernetes.io/service-name=${service}`);
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=${selector}`;
  const slices = await readAll<EndpointSlice>(client, path);
  const addresses = slices.flatMap(({ endpoints }) => (endpoints ?? []).flatMap((one) => one.addresses ?? []));
  return addresses.map((address) => `http://${address.includes(':') ? `[${address}]` : address}:${opsPort}`);
}

async function lookAt(url: string): Promise<{ readonly finding: Finding; readonly version?: string }> {
  const see = 'Its log says why.';
  try {
    const readiness = await read(`${url}/readyz`);
    if (readiness.status !== 200) {
      return { finding: problem(`${url}: ${readiness.text.trim().replaceAll('\n', '; ')}`, see) };
    }
    const { text } = await read(`${url}/metrics`);
    const version = /^gpugate_build_info\{.*?version="([^"]*)"/m.exec(text)?.[1] ?? 'unknown';
    const ages = Array.from(text.matchAll(/^gpugate_view_staleness_seconds\{[^}]*\} (\S+)$/gm), ([, age]) =>
      Number(age),
    );
    const oldest = Math.round(Math.max(0, ...ages));
    const finding =
      oldest > oldViewSeconds
        ? warning(`${url}: its view is ${oldest} s old`, `Can it reach the API server? ${see}`)
        : ok(`${url}: ready, version ${version}, its view is ${oldest} s old`);
    return { finding, version };
  } catch (error) {
    // The error of fetch itself says only that it failed.
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    return { finding: problem(`${url}: ${messageOf(cause)}`, see) };
  }
}

async function read(url: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
  return { status: response.status, text: await response.text() };
}
