import { existsSync, mkdirSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

export type CachePlace = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
};

/** Only its owner can read and write it, because the code in it is run. */
const mode = 0o700;

/**
 * Compiled code is kept in the user's own cache. Node's default is below the temporary directory, where another user of
 * the machine could plant code that we would run.
 */
export function cacheDirectory(place: CachePlace): string {
  return join(userCache(place), 'gpugate', 'compiled');
}

function userCache({ environment, platform, home }: CachePlace): string {
  const { XDG_CACHE_HOME: chosen, LOCALAPPDATA: local } = environment;
  // The XDG specification says to ignore relative paths.
  if (chosen !== undefined && isAbsolute(chosen)) return chosen;
  if (platform === 'win32' && local !== undefined) return local;
  return platform === 'darwin' ? join(home, 'Library', 'Caches') : join(home, '.cache');
}

/**
 * The same directory, created if it is missing; undefined if that fails. Created step by step, because Node's recursive
 * `mkdir` never returns on a file system that answers "no such directory" for a name that it refuses, as /proc does.
 */
export function openCacheDirectory(place: CachePlace): string | undefined {
  const wanted = cacheDirectory(place);
  if (existsSync(wanted)) return wanted;
  const base = userCache(place);
  return [base, join(base, 'gpugate'), wanted].every(isMade) ? wanted : undefined;
}

function isMade(directory: string): boolean {
  try {
    mkdirSync(directory, { mode });
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EEXIST';
  }
}
