import { expect, test } from 'vitest';
import { cacheDirectory } from '../../src/cli/cache-directory.ts';

test.each([
  ['the directory that is chosen', 'linux', { XDG_CACHE_HOME: '/c' }, '/c/gpugate/compiled'],
  ['that of the user where a relative one is chosen', 'linux', { XDG_CACHE_HOME: 'c' }, '/h/.cache/gpugate/compiled'],
  ['that of the user where an empty one is chosen', 'linux', { XDG_CACHE_HOME: '' }, '/h/.cache/gpugate/compiled'],
  ['that of the user', 'linux', {}, '/h/.cache/gpugate/compiled'],
  ['that of the user on macOS', 'darwin', {}, '/h/Library/Caches/gpugate/compiled'],
  ['that of the user on Windows', 'win32', { LOCALAPPDATA: '/l' }, '/l/gpugate/compiled'],
] as const)('compiled code is kept in %s', (_, platform, environment, wanted) => {
  expect(cacheDirectory({ environment, platform, home: '/h' })).toBe(wanted);
});
