import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const source = resolve(import.meta.dirname, '../../../src');

/** Every module that is loaded with a file, without those of `import type` and of `import()`. */
function loadedWith(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  const imports = readFileSync(file, 'utf8').matchAll(/^(?:import|export)\s(?!type\b)[^'";]*?from '([^']+)'/gm);
  for (const [, name = ''] of imports) {
    if (name.startsWith('.')) loadedWith(resolve(dirname(file), name), found);
    else found.add(name);
  }
  return found;
}

test('a check loads no client of clusters, nor anything that only a server needs', () => {
  const loaded = [...loadedWith(resolve(source, 'cli/check/check-command.ts'))].map((name) =>
    name.startsWith('/') ? relative(source, name) : name,
  );
  expect(loaded).toContain('admission/admit.ts');
  const heavy = [
    '@kubernetes/client-node',
    'cluster/client.ts',
    'prom-client',
    'pino',
    'express',
    'selfsigned',
    'fast-check',
  ];
  expect(loaded.filter((name) => heavy.includes(name))).toEqual([]);
});
