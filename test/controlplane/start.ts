import { get as httpGet } from 'node:http';
import { get as httpsGet } from 'node:https';
import { ensureBinaries, tools, type Tool } from './build.ts';
import {
  apiServerArguments,
  certificateFile,
  controllerManagerArguments,
  etcdArguments,
  schedulerArguments,
} from './components.ts';
import { connectControlPlane, type ControlPlaneConnection, type ControlPlaneDescription } from './connect.ts';
import { writeCredentials } from './credentials.ts';
import { createDataDir, removeDataDir } from './data-dir.ts';
import { freePorts } from './ports.ts';
import { startProcessGroup } from './process-group.ts';
import { untilReady } from './process.ts';

export type ControlPlaneOptions = {
  controllerManager?: boolean;
  scheduler?: boolean;
  /** Further flags of kube-apiserver, used at each of its starts. */
  apiServerFlags?: string[];
};

export type ControlPlane = ControlPlaneConnection & {
  /** For `connectControlPlane` in another process. */
  readonly description: ControlPlaneDescription;
  /** The processes that are running. */
  readonly pids: () => Partial<Record<Tool, number>>;
  readonly stopApiServer: () => Promise<void>;
  /** Starts it on the same port with the same data. Resolves when it is ready. */
  readonly startApiServer: () => Promise<void>;
  /** Makes etcd forget all earlier revisions: a client that asks the API server for one gets a 410. */
  readonly compact: () => Promise<void>;
  /** Stops the API server by SIGSTOP: its connections stay open but silent. The returned function lets it continue. */
  readonly freezeApiServer: () => () => void;
  /** Stops every process and removes the data. */
  readonly stop: () => Promise<void>;
};

const readyDeadlineMs = 120_000; // a start takes some 4 s, and many times that on a machine that is busy compiling

/** Starts etcd and kube-apiserver, and by default kube-controller-manager and kube-scheduler too. */
export const startControlPlane = async (options: ControlPlaneOptions = {}): Promise<ControlPlane> => {
  const { controllerManager = true, scheduler = true, apiServerFlags = [] } = options;
  const omitted: Tool[] = [];
  if (!controllerManager) omitted.push('kube-controller-manager');
  if (!scheduler) omitted.push('kube-scheduler');
  const binaries = await ensureBinaries({ required: tools.filter((tool) => !omitted.includes(tool)) });

  const ports = await freePorts();
  const dataDir = await createDataDir();
  const group = startProcessGroup(binaries, dataDir);
  const server = `https://127.0.0.1:${ports.apiServer}`;
  const caFile = certificateFile(dataDir);

  const stop = async (): Promise<void> => {
    await Promise.all((['kube-scheduler', 'kube-controller-manager', 'kube-apiserver'] as const).map(group.stop));
    await group.stop('etcd'); // last, or the API server would wait for it
    removeDataDir(dataDir);
    group.disown();
  };

  try {
    const credentials = await writeCredentials(dataDir, server, caFile);
    const startReady = async (tool: Tool, args: string[], readyUrl: string): Promise<void> => {
      await untilReady(group.start(tool, args), () => answersOk(readyUrl), readyDeadlineMs);
    };
    const startApiServer = async (): Promise<void> => {
      const args = [...apiServerArguments(dataDir, ports, credentials), ...apiServerFlags];
      await startReady('kube-apiserver', args, `${server}/readyz`);
    };

    await Promise.all([
      startReady('etcd', etcdArguments(dataDir, ports), `http://127.0.0.1:${ports.etcd}/health`),
      startApiServer(), // it waits for etcd on its own
    ]);
    const description = {
      kubeconfig: credentials.kubeconfig,
      server,
      etcd: `http://127.0.0.1:${ports.etcd}`,
      caFile,
      token: credentials.token,
      dataDir,
      binaries,
    };
    const connection = connectControlPlane(description);
    await Promise.all([
      controllerManager &&
        startReady(
          'kube-controller-manager',
          controllerManagerArguments(ports, credentials),
          `https://127.0.0.1:${ports.controllerManager}/healthz`,
        ),
      scheduler &&
        startReady(
          'kube-scheduler',
          schedulerArguments(ports, credentials),
          `https://127.0.0.1:${ports.scheduler}/readyz`,
        ),
    ]);
    return {
      ...connection,
      description,
      pids: group.pids,
      stopApiServer: () => group.stop('kube-apiserver'),
      startApiServer,
      compact: () => compactEtcd(`http://127.0.0.1:${ports.etcd}`),
      freezeApiServer: () => {
        const pid = group.pids()['kube-apiserver'];
        if (pid === undefined) throw new Error('kube-apiserver is not running');
        process.kill(pid, 'SIGSTOP');
        return () => process.kill(pid, 'SIGCONT');
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};

/** Uses the JSON gateway of etcd: https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/ */
const compactEtcd = async (url: string): Promise<void> => {
  const post = async (method: string, body: unknown): Promise<unknown> => {
    const response = await fetch(`${url}/v3/kv/${method}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`etcd ${method}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const { header } = (await post('range', { key: 'AA==' })) as { header: { revision: string } };
  await post('compaction', { revision: header.revision, physical: true });
};

/** Whether a probe answers 200. Certificates are not checked, because each process makes its own when it starts. */
const answersOk = (url: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const get = url.startsWith('https:') ? httpsGet : httpGet;
    const request = get(url, { rejectUnauthorized: false, agent: false, timeout: 5_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy(new Error(`${url}: no answer`)));
    request.on('error', reject);
  });
