import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const main = join(import.meta.dirname, '../../src/main.ts');

/**
 * A directory for the PATH with gpugate under these names, as npm links the `bin` of a package: each is called by its
 * own name, and run by the Node that runs the tests.
 */
export function installPrograms(names: readonly string[]): { readonly path: string; readonly remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'gpugate-programs-'));
  const path = join(directory, 'bin');
  const links = join(directory, 'links');
  for (const one of [path, links]) mkdirSync(one);
  for (const name of names) {
    symlinkSync(main, join(links, name));
    writeFileSync(join(path, name), `#!/bin/sh\nexec "${process.execPath}" "${join(links, name)}" "$@"\n`);
    chmodSync(join(path, name), 0o755);
  }
  return { path, remove: () => rmSync(directory, { recursive: true }) };
}
