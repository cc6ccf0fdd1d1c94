import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ControlPlane } from '../controlplane/start.ts';

/** What view-process.ts tells about itself. */
export type ViewSample = {
  readonly port: number;
  readonly seconds: number;
  readonly pods: number;
  readonly nodes: number;
  readonly namespaces: number;
  readonly rssMiB: number;
  readonly peakMiB: number;
  readonly heapBytes: number;
  readonly stallMs: number;
};

export type ViewChild = {
  /** As it was when it had synced. */
  readonly first: ViewSample;
  /** Lists the pods again; resolves when that is done. */
  readonly relist: () => Promise<ViewSample>;
  readonly end: () => Promise<void>;
};

/** Starts views in processes of their own, whose certificates are in that directory's `certs`. */
export function createViewStarter({ server, caFile, token }: ControlPlane, directory: string) {
  const account = join(directory, 'account');
  const certs = join(directory, 'certs');
  mkdirSync(account);
  mkdirSync(certs);
  copyFileSync(caFile, join(account, 'ca.crt'));
  writeFileSync(join(account, 'token'), token);
  const { hostname, port } = new URL(server);
  const running = new Set<() => boolean>();

  const start = async (): Promise<ViewChild> => {
    const script = join(import.meta.dirname, 'view-process.ts');
    const child = spawn(process.execPath, ['--expose-gc', ...imageFlags(), script, account, certs], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
    });
    running.add(() => child.kill('SIGKILL'));
    const lines = createInterface({ input: child.stdout });
    const next = async () => JSON.parse(((await once(lines, 'line')) as [string])[0]) as ViewSample;
    const first = await next();
    return {
      first,
      relist: async () => {
        const line = next();
        child.stdin.write('relist\n');
        return line;
      },
      end: async () => {
        const exited = once(child, 'exit');
        child.stdin.end();
        await exited;
      },
    };
  };
  return {
    certs,
    start,
    killAll: () => {
      for (const kill of running) kill();
    },
  };
}

/** The flags of Node that the image starts gpugate with. */
function imageFlags(): string[] {
  const dockerfile = readFileSync(join(import.meta.dirname, '../../Dockerfile'), 'utf8');
  const entryPoint = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(dockerfile)?.[1] ?? '[]') as string[];
  return entryPoint.filter((argument) => argument.startsWith('--'));
}

export type InformerSample = Pick<ViewSample, 'pods' | 'rssMiB' | 'heapBytes'>;

/** The memory of client-node's own informer for the same pods. */
export async function runInformer({ kubeconfig }: ControlPlane): Promise<InformerSample> {
  const script = join(import.meta.dirname, 'informer-process.ts');
  const child = spawn(process.execPath, ['--expose-gc', script, kubeconfig], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return JSON.parse(line) as InformerSample;
}
