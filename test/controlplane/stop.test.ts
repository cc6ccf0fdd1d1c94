import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { createDataDir, removeDataDir } from './data-dir.ts';
import { isAlive } from './process.ts';
import { startControlPlane } from './start.ts';

const minimal = { controllerManager: false, scheduler: false };
const buildAndStartMs = 20 * 60_000;
const patience = { timeout: 10_000, interval: 50 };

type Owned = { owner: ChildProcess; dataDir: string; pids: number[] };

/** A separate process that starts a control plane and then waits. */
const startOwner = async (): Promise<Owned> => {
  const program = `
    import { startControlPlane } from ${JSON.stringify(import.meta.resolve('./start.ts'))};
    const { dataDir, pids } = await startControlPlane(${JSON.stringify(minimal)});
    console.log(JSON.stringify({ dataDir, pids: Object.values(pids()) }));`;
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const owner = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: [...stdio] });
  if (!owner.stdout) throw new Error('no stdout');
  const [line] = (await once(createInterface(owner.stdout), 'line')) as [string];
  return { owner, ...(JSON.parse(line) as Omit<Owned, 'owner'>) };
};

describe('the end of a control plane', { timeout: buildAndStartMs }, () => {
  it('leaves no process and no data after stop', async () => {
    const controlPlane = await startControlPlane(minimal);
    const pids = controlPlane.pids();
    expect(Object.keys(pids).sort()).toEqual(['etcd', 'kube-apiserver']);
    expect(Object.values(pids).every(isAlive)).toBe(true);
    await controlPlane.stop();
    expect(Object.values(pids).filter(isAlive)).toEqual([]);
    expect(existsSync(controlPlane.dataDir)).toBe(false);
    await controlPlane.stop(); // a second stop does no harm
  });

  it('comes at once, with the end of the log, if the API server cannot start', async () => {
    const start = startControlPlane({ ...minimal, apiServerFlags: ['--no-such-flag'] });
    await expect(start).rejects.toThrow(/^kube-apiserver exited .* Its last lines:\n[^]*unknown flag: --no-such-flag/);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('follows when its owner ends by %s', async (signal) => {
    const { owner, dataDir, pids } = await startOwner();
    const exit = once(owner, 'exit');
    owner.kill(signal);
    expect(await exit).toEqual([null, signal]);
    await expect.poll(() => pids.filter(isAlive), patience).toEqual([]);
    expect(existsSync(dataDir)).toBe(false);
  });

  it.runIf(process.platform === 'linux' && !process.env.KUBEBUILDER_ASSETS)(
    'follows even when its owner is killed, and the next control plane removes the data',
    async () => {
      const { owner, dataDir, pids } = await startOwner();
      expect(basename(dataDir)).toContain(`-${owner.pid}-`);
      owner.kill('SIGKILL');
      await once(owner, 'exit');
      await expect.poll(() => pids.filter(isAlive), patience).toEqual([]);
      expect(existsSync(dataDir)).toBe(true);
      removeDataDir(await createDataDir());
      expect(existsSync(dataDir)).toBe(false);
    },
  );
});
