import { existsSync, mkdirSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

export type CachePlace = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
};

/** Of the user alone: what is kept there is run. */
const mode = 0o700;

/**
 * Where compiled code is kept: in the user's own cache. Node's default is below the temporary directory, where on a shared
 * machine another user could put code in its place that we would run.
 */
export function cacheDirectory(place: CachePlace): string {
  return join(userCache(place), 'gpugate', 'compiled');
}

function userCache({ environment, platform, home }: CachePlace): string {
  const { XDG_CACHE_HOME: chosen, LOCALAPPDATA: local } = environment;
  // The specification says to pass over relative paths.
  if (chosen !== undefined && isAbsolute(chosen)) return chosen;
  if (platform === 'win32' && local !== undefined) return local;
  return platform === 'darwin' ? join(home, 'Library', 'Caches') : join(home, '.cache');
}

/**
 * The same, made where it is missing; undefined where it cannot be. Step by step, because a recursive `mkdir` of Node
 * never ends where a file system says "no such directory" of a name that it does not take, as /proc does.
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
