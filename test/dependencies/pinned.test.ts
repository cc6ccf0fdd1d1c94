import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (file: string): unknown => JSON.parse(readFileSync(join(root, file), 'utf8'));

const kinds = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;
type Declared = Readonly<Record<(typeof kinds)[number], Readonly<Record<string, string>>>>;
type Locked = { readonly version?: string; readonly integrity?: string; readonly resolved?: string };

const declared = read('package.json') as Declared;
const { packages, lockfileVersion } = read('package-lock.json') as {
  lockfileVersion: number;
  packages: Readonly<Record<string, Locked>> & { '': Declared };
};
const locked = Object.entries(packages).filter(([path]) => path !== '') as [string, Locked][];

describe('each dependency', () => {
  test.each(kinds)('of package.json is one version, that of the lock file (%s)', (kind) => {
    expect(packages[''][kind]).toEqual(declared[kind]);
    for (const [name, version] of Object.entries(declared[kind])) {
      expect([name, version]).toEqual([name, packages[`node_modules/${name}`]?.version]);
    }
  });

  test('of the lock file is held to a hash of its content', () => {
    expect(lockfileVersion).toBe(3);
    expect(locked.length).toBeGreaterThan(100);
    expect(locked.filter(([, { version }]) => !/^\d+\.\d+\.\d+/.test(version ?? '')).map(([path]) => path)).toEqual([]);
    const strong = /^sha512-[A-Za-z0-9+/]{86}==$/;
    expect(locked.filter(([, { integrity }]) => !strong.test(integrity ?? '')).map(([path]) => path)).toEqual([]);
  });

  test('comes from a registry, not from a repository or a file', () => {
    const elsewhere = /^(git|file|http:)|github/;
    expect(locked.filter(([, { resolved }]) => elsewhere.test(resolved ?? '')).map(([path]) => path)).toEqual([]);
  });
});
