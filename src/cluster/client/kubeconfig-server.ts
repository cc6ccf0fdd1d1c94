import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { Agent, RequestOptions } from 'node:https';
import { dirname } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { explainFileError, InputError, messageOf } from '../../text/errors.ts';
import { createAgent, type ApiServer } from './api-server.ts';

/** client-node reads certificate and token files at each request, which costs more than the request itself. */
const credentialsLifeMs = 5000;

/** The server and user of a kubeconfig's current context; throws InputError for a file that names no server. */
export async function kubeconfigServer(
  files: readonly string[],
  now: () => number = () => performance.now(),
): Promise<ApiServer> {
  // Imported late: it takes 0.3 s and 85 MB, and a server in the cluster does not need it.
  const { KubeConfig } = await import('@kubernetes/client-node');
  const load = (): KubeConfig => {
    // As in kubectl: missing files of a list are skipped, and the first file that defines a name wins.
    const present = files.length > 1 ? files.filter((file) => existsSync(file)) : files;
    const [first, ...rest] = present.map((file) => {
      const config = new KubeConfig();
      loadInto(config, file);
      return config;
    });
    if (first === undefined) throw new InputError(`KUBECONFIG names no file that exists: ${files.join(', ')}`);
    for (const config of rest) merge(first, config);
    return first;
  };
  let config = load();
  const url = serverUrl(config, `kubeconfig ${files.join(', ')}`);
  const agents = new Map<string, Agent>();
  let credentials: { readonly read: ReturnType<typeof authenticate>; readonly readAt: number } | undefined;
  return {
    url,
    authenticate: () => {
      if (credentials === undefined || now() - credentials.readAt > credentialsLifeMs) {
        const read = authenticate(config, agents);
        credentials = { read, readAt: now() };
        // After a failure, the next request reads them again.
        read.catch(() => {
          if (credentials?.read === read) credentials = undefined;
        });
      }
      return credentials.read;
    },
    forget: () => {
      config = load();
      credentials = undefined;
    },
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
  };
}

function loadInto(config: KubeConfig, file: string): void {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new InputError(`kubeconfig ${file} ${explainFileError(error)}; name another with --kubeconfig or KUBECONFIG`);
  }
  try {
    config.loadFromString(text);
  } catch (error) {
    // client-node describes a broken file in several lines, and an empty one by what null does not have.
    const [why] = error instanceof TypeError ? ['it is empty or not a map'] : messageOf(error).split('\n');
    throw new InputError(`${file} is not a kubeconfig: ${why}; name another with --kubeconfig or KUBECONFIG`);
  }
  config.makePathsAbsolute(dirname(file));
}

const listOf = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));

function serverUrl(config: KubeConfig, what: string): URL {
  const current = config.getCurrentContext();
  const context = config.getContextObject(current);
  if (context === null) {
    const names = listOf(config.getContexts().map(({ name }) => name));
    const problem = current ? `its current-context ${current} is not one of its contexts` : 'it has no current-context';
    throw new InputError(`${what}: ${problem} (${names}); choose one with: kubectl config use-context NAME`);
  }
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) {
    const names = listOf(config.getClusters().map(({ name }) => name));
    throw new InputError(
      `${what}: the context ${current} names the cluster ${context.cluster}, which the file does not define (${names})`,
    );
  }
  if (!URL.canParse(server))
    throw new InputError(`${what}: the server of cluster ${context.cluster} is not a URL: ${server}`);
  return new URL(server);
}

function merge(into: KubeConfig, { clusters, users, contexts, currentContext }: KubeConfig): void {
  into.clusters = firstOfName([...into.clusters, ...clusters]);
  into.users = firstOfName([...into.users, ...users]);
  into.contexts = firstOfName([...into.contexts, ...contexts]);
  if (!into.currentContext) into.currentContext = currentContext;
}

function firstOfName<T extends { readonly name: string }>(all: readonly T[]): T[] {
  return [...new Map(all.toReversed().map((one) => [one.name, one])).values()];
}

async function authenticate(
  config: KubeConfig,
  agents: Map<string, Agent>,
): Promise<Pick<RequestOptions, 'agent' | 'headers'>> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const { ca, cert, key, servername, rejectUnauthorized, auth } = options;
  const headers = { ...(options.headers as Record<string, string> | undefined) };
  if (typeof auth === 'string') headers['authorization'] = `Basic ${Buffer.from(auth).toString('base64')}`;
  const proxy = config.getCurrentCluster()?.proxyUrl;
  // Our own agent otherwise: client-node's keeps no connection alive and outlives a renewed client certificate.
  if (proxy !== undefined) return { agent: options.agent, headers };
  const tls = { ca: textOf(ca), cert: textOf(cert), key: textOf(key), servername, rejectUnauthorized };
  const given = Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
  const identity = createHash('sha256').update(JSON.stringify(given)).digest('hex');
  const known = agents.get(identity);
  const agent = known ?? createAgent(given);
  if (known === undefined) {
    for (const old of agents.values()) old.destroy();
    agents.clear();
    agents.set(identity, agent);
  }
  return { agent, headers };
}

/** client-node reads each of the three as one buffer. */
function textOf(pem: unknown): string | undefined {
  return Buffer.isBuffer(pem) || typeof pem === 'string' ? pem.toString() : undefined;
}
