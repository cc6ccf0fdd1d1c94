import { accessSync, constants, rmSync, statfsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from './process.ts';

const memoryFolder = '/dev/shm';
// etcd allocates its log in pieces of 64 MiB and keeps two, and the database of a benchmark needs more. In containers
// /dev/shm often has only 64 MiB.
const neededBytes = 1024 ** 3;

const parentFolder = (): string => {
  try {
    accessSync(memoryFolder, constants.W_OK);
    const { bavail, bsize } = statfsSync(memoryFolder);
    if (bavail * bsize >= neededBytes) return memoryFolder;
  } catch {
    // not Linux, or not writable
  }
  return tmpdir();
};

const prefix = `gpugate-controlplane-${hostname()}-`;

/** A folder for the state of one control plane, in memory if there is enough of it. */
export const createDataDir = async (): Promise<string> => {
  const parent = parentFolder();
  await sweep(parent);
  return mkdtemp(join(parent, `${prefix}${process.pid}-`));
};

/** Removes what killed test runners left behind, which would hold memory in /dev/shm until the next boot. */
const sweep = async (parent: string): Promise<void> => {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    const owner = Number.parseInt(name.slice(prefix.length), 10);
    if (!isAlive(owner)) await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined);
  }
};

/** Retries while a process that was just killed still writes. */
export const removeDataDir = (folder: string): void => {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
};
