#!/usr/bin/env node
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { openCacheDirectory } from './cli/cache-directory.ts';

/** As in `engines` of package.json. An older Node would fail with an error that names no version. */
const oldestNode = 24;

/**
 * The only reader of process.env. It imports almost nothing, so that every other module is loaded with the compile cache,
 * which saves a third of the start of a command. Without a writable cache directory, as in a container, it runs without.
 */
if (Number.parseInt(process.versions.node, 10) < oldestNode) {
  process.stderr.write(`gpugate needs Node ${oldestNode} or newer; this is ${process.version}\n`);
  process.exitCode = 2;
} else {
  const cache = openCacheDirectory({ environment: process.env, platform: process.platform, home: homedir() });
  if (cache !== undefined) module.enableCompileCache(cache);
  const { runCommandLine } = await import('./command-line.ts');
  await runCommandLine({ environment: process.env, packageRoot: join(import.meta.dirname, '..') });
}
