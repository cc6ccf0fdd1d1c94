import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from './process.ts';

const heartbeatMs = 2_000;
const staleAfterMs = 5 * heartbeatMs; // a holder on a busy machine may miss a few beats
const retryMs = 250;
const reminderMs = 15_000;

/**
 * Lets one process at a time do the work. The lock only saves work, because the build itself is atomic: if a takeover at
 * the moment of a heartbeat leaves two holders, both build, and nothing breaks.
 */
export const withBuildLock = async (path: string, work: () => Promise<void>): Promise<void> => {
  let remindAt = Date.now();
  while (!(await acquire(path))) {
    if (await isStale(path)) {
      await takeAway(path);
      continue;
    }
    if (Date.now() >= remindAt) {
      process.stderr.write(`waiting for another process to build ${basename(path, '.lock')}\n`);
      remindAt = Date.now() + reminderMs;
    }
    await sleep(retryMs);
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined); // another process took the lock over
  }, heartbeatMs);
  try {
    await work();
  } finally {
    clearInterval(heartbeat);
    await rm(path, { force: true });
  }
};

const acquire = async (path: string): Promise<boolean> => {
  try {
    await writeFile(path, JSON.stringify({ host: hostname(), pid: process.pid }), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
};

const isStale = async (path: string): Promise<boolean> => {
  try {
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > staleAfterMs) return true;
    const holder = JSON.parse(await readFile(path, 'utf8')) as { host: string; pid: number };
    return holder.host === hostname() && !isAlive(holder.pid);
  } catch {
    return false; // gone, or not written yet: the next try finds out
  }
};

/** Renames it first, so that only one of several processes that find the lock stale removes it. */
const takeAway = async (path: string): Promise<void> => {
  const aside = `${path}.${process.pid}`;
  await rename(path, aside).catch(() => undefined);
  await rm(aside, { force: true });
};
