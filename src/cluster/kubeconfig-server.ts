import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Agent, RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { createAgent, type ApiServer } from './api-server.ts';

/** The server and user of a kubeconfig's current context; throws with the file's own fault. */
export async function kubeconfigServer(files: readonly string[]): Promise<ApiServer> {
  // Only here, and only now: its import takes 0.3 s and 85 MB, and a server in the cluster needs none of it.
  const { KubeConfig } = await import('@kubernetes/client-node');
  const load = (): KubeConfig => {
    // As kubectl does: of a list, files that are not there are passed over, and the first to name a thing wins.
    const present = files.length > 1 ? files.filter((file) => existsSync(file)) : files;
    const [first, ...rest] = present.map((file) => {
      const config = new KubeConfig();
      config.loadFromFile(file);
      return config;
    });
    if (first === undefined) throw new Error(`there is none of ${files.join(', ')}`);
    for (const config of rest) merge(first, config);
    return first;
  };
  let config = load();
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw new Error(`${files.join(', ')}: the current context names no cluster`);
  const agents = new Map<string, Agent>();
  return {
    url: new URL(server),
    authenticate: () => authenticate(config, agents),
    forget: () => {
      config = load();
    },
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
  };
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
  // client-node keeps no connection alive, and its agent outlives a renewed client certificate.
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
