#!/usr/bin/env node
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { openCacheDirectory } from './cli/cache-directory.ts';

/** As `engines` in package.json says. An older one would fail with an error that names neither. */
const oldestNode = 24;

/**
 * The only reader of process.env. It imports next to nothing, so that all other modules are compiled with the cache: that
 * is a third of the start of a command. A cache that cannot be written, as in a container, is as good as none.
 */
if (Number.parseInt(process.versions.node, 10) < oldestNode) {
  process.stderr.write(`gpugate needs Node ${oldestNode} or newer, and this is ${process.version}\n`);
  process.exitCode = 2;
} else {
  const cache = openCacheDirectory({ environment: process.env, platform: process.platform, home: homedir() });
  if (cache !== undefined) module.enableCompileCache(cache);
  const { runCommandLine } = await import('./command-line.ts');
  await runCommandLine({ environment: process.env, packageRoot: join(import.meta.dirname, '..') });
}
