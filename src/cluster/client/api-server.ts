import { readFile } from 'node:fs/promises';
import { Agent, type RequestOptions } from 'node:https';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';

/** Where the API server is, and who we are to it. */
export type ApiServer = {
  readonly url: URL;
  /** Asked for each request: tokens and client certificates are renewed while we run. */
  readonly authenticate: () => Promise<Pick<RequestOptions, 'agent' | 'headers'>>;
  /** After a 401: the next `authenticate` reads the credentials again. */
  readonly forget: () => void;
  /** The namespace that the credentials name. */
  readonly namespace: string | undefined;
};

/** Where the kubelet mounts token, CA and namespace. */
const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The kubelet renews a token after 80 % of its life, which is an hour or more. client-go reads it every minute, too. */
const tokenLifeMs = 60_000;

/** There are a handful of watches, pages and writes at a time; an idle connection costs a file descriptor. */
const maxIdleSockets = 16;
const tcpKeepAliveMs = 30_000;

export type AgentTls = {
  readonly ca?: Buffer | string;
  readonly cert?: Buffer | string;
  readonly key?: Buffer | string;
};

/** One pool of connections for everything: a new TLS connection costs 3 ms. */
export function createAgent(options: AgentTls & { servername?: string; rejectUnauthorized?: boolean }): Agent {
  return new Agent({ ...options, keepAlive: true, keepAliveMsecs: tcpKeepAliveMs, maxFreeSockets: maxIdleSockets });
}

export type InClusterOptions = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly directory?: string;
  readonly now?: () => number;
};

/** The API server that the pod's ServiceAccount may use; undefined outside a cluster. Does without client-node, which costs 85 MB. */
export async function inClusterServer(options: InClusterOptions): Promise<ApiServer | undefined> {
  const { environment, directory = serviceAccountDirectory, now = () => performance.now() } = options;
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = environment;
  if (host === undefined || host === '') return undefined;
  const read = async (file: string) => (await readFile(join(directory, file), 'utf8')).trim();
  let credentials: { token: string; agent: Agent; ca: string; readAt: number } | undefined;
  const load = async () => {
    // In this order, so that the error always names the token when both are missing.
    const token = await read('token');
    const ca = await read('ca.crt');
    const agent = credentials?.ca === ca ? credentials.agent : createAgent({ ca });
    return { token, ca, agent, readAt: now() };
  };
  credentials = await load();
  return {
    url: new URL(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`),
    authenticate: async () => {
      if (credentials === undefined || now() - credentials.readAt > tokenLifeMs) credentials = await load();
      const { agent, token } = credentials;
      return { agent, headers: { authorization: `Bearer ${token}` } };
    },
    forget: () => {
      if (credentials !== undefined) credentials.readAt = Number.NEGATIVE_INFINITY;
    },
    namespace: await read('namespace').catch(() => undefined),
  };
}
