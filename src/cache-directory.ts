import { isAbsolute, join } from 'node:path';

export type CachePlace = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
};

/**
 * Where compiled code is kept: in the user's own cache. Node's default is below the temporary directory, where on a shared
 * machine another user could put code in its place that we would run.
 */
export function cacheDirectory({ environment, platform, home }: CachePlace): string {
  const { XDG_CACHE_HOME: chosen, LOCALAPPDATA: local } = environment;
  // The specification says to pass over relative paths.
  if (chosen !== undefined && isAbsolute(chosen)) return join(chosen, 'gpugate', 'compiled');
  if (platform === 'win32' && local !== undefined) return join(local, 'gpugate', 'compiled');
  return platform === 'darwin'
    ? join(home, 'Library', 'Caches', 'gpugate', 'compiled')
    : join(home, '.cache', 'gpugate', 'compiled');
}
