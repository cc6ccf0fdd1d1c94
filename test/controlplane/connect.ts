import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import type { Binaries } from './build.ts';
import { toolEnvironment } from './process.ts';

/** What another process needs to use a running control plane. It survives JSON. */
export type ControlPlaneDescription = {
  /** Path of an admin's kubeconfig. */
  kubeconfig: string;
  /** https URL of the API server. */
  server: string;
  /** http URL of etcd. */
  etcd: string;
  caFile: string;
  token: string;
  dataDir: string;
  binaries: Binaries;
};

export type KubectlOptions = { input?: string; as?: string; asGroups?: string[]; timeoutMs?: number };
export type KubectlResult = { code: number; stdout: string; stderr: string };
export type JsonResponse = {
  status: number;
  body: unknown;
  /** The texts of its Warning headers, as kubectl shows them. */
  warnings: readonly string[];
};

export type ControlPlaneConnection = ControlPlaneDescription & {
  /** A failing kubectl is a result. Only one that cannot run, or that runs longer than its timeout, throws. */
  readonly kubectl: (args: string[], options?: KubectlOptions) => Promise<KubectlResult>;
  /** One request as admin over a kept-alive connection: 1 ms, where kubectl takes 80 ms. */
  readonly request: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string | string[]>,
  ) => Promise<JsonResponse>;
};

const kubectlTimeoutMs = 60_000;
const requestTimeoutMs = 60_000;

export const connectControlPlane = (description: ControlPlaneDescription): ControlPlaneConnection => ({
  ...description,
  kubectl: (args, options) => runKubectl(description, args, options),
  request: createRequest(description),
});

const runKubectl = async (
  { binaries, kubeconfig, dataDir }: ControlPlaneDescription,
  args: string[],
  { input = '', as, asGroups = [], timeoutMs = kubectlTimeoutMs }: KubectlOptions = {},
): Promise<KubectlResult> => {
  const identity = [...(as ? [`--as=${as}`] : []), ...asGroups.map((group) => `--as-group=${group}`)];
  const child = spawn(binaries.kubectl, [`--cache-dir=${dataDir}/kubectl-cache`, ...identity, ...args], {
    env: { ...toolEnvironment(dataDir), KUBECONFIG: kubeconfig },
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  child.stdin.on('error', () => undefined); // kubectl may exit without reading its input
  child.stdin.end(input);
  const exit = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  const [code, stdout, stderr] = await Promise.all([exit, text(child.stdout), text(child.stderr)]);
  if (code === null) throw new Error(`kubectl ${args.join(' ')} was killed after ${timeoutMs} ms: ${stderr}`);
  return { code, stdout, stderr };
};

const createRequest = ({ server, caFile, token }: ControlPlaneDescription): ControlPlaneConnection['request'] => {
  const agent = new Agent({ keepAlive: true, ca: readFileSync(caFile) });
  return async (method, path, body, headers) => {
    const content = body === undefined ? undefined : JSON.stringify(body);
    const response = await new Promise<{ status: number; type: string; content: string; warnings: string[] }>(
      (resolve, reject) => {
        const request = httpsRequest(new URL(path, server), {
          method,
          agent,
          timeout: requestTimeoutMs,
          headers: {
            authorization: `Bearer ${token}`,
            accept: 'application/json',
            ...(content === undefined
              ? {}
              : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(content)) }),
            ...headers,
          },
        });
        request.on('error', reject);
        request.on('timeout', () =>
          request.destroy(new Error(`${method} ${path}: no answer in ${requestTimeoutMs} ms`)),
        );
        request.on('response', (incoming) => {
          const { statusCode = 0, headers } = incoming;
          text(incoming).then(
            (content) =>
              resolve({
                status: statusCode,
                type: headers['content-type'] ?? '',
                content,
                warnings: warningsOf(incoming.rawHeaders),
              }),
            reject,
          );
        });
        request.end(content);
      },
    );
    const isJson = response.type.startsWith('application/json');
    const answer: unknown = isJson ? JSON.parse(response.content) : response.content;
    return { status: response.status, body: answer, warnings: response.warnings };
  };
};

/** Each `Warning: 299 - "text"`, in UTF-8 that Node has read as Latin-1. */
const warningsOf = (rawHeaders: readonly string[]): string[] =>
  rawHeaders.flatMap((value, index) => {
    const isWarning = index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'warning';
    const quoted = isWarning ? /^299 \S+ "(.*)"$/.exec(Buffer.from(value, 'latin1').toString('utf8'))?.[1] : undefined;
    return quoted === undefined ? [] : [quoted.replace(/\\(.)/g, '$1')];
  });
