import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

/** Who may import whom: DESIGN's table. `import type` counts. A room may always import itself. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  api: [],
  telemetry: [],
  workload: ['api'],
  policies: ['api', 'workload'],
  mutations: ['api', 'workload'],
  quota: ['api', 'workload'],
  admission: ['api', 'workload', 'policies', 'mutations', 'quota', 'telemetry'],
  cluster: ['api', 'workload', 'quota', 'telemetry'],
  controller: ['api', 'quota', 'cluster', 'tls', 'telemetry'],
  tls: ['api', 'telemetry'],
  http: ['api', 'admission', 'quota', 'telemetry'],
  web: ['api', 'admission', 'quota', 'telemetry'],
  cli: ['api', 'workload', 'policies', 'mutations', 'quota', 'admission', 'cluster', 'tls', 'telemetry'],
  'config.ts': ['api'],
};

/** The composition root and its pieces: they import everything, and nothing imports them but each other. */
const compositionFiles: ReadonlySet<string> = new Set([
  'cache-directory.ts',
  'command-line.ts',
  'embedded.ts',
  'file-sources.ts',
  'live-certificates.ts',
  'live-cluster.ts',
  'live-quota.ts',
  'main.ts',
  'reload-loop.ts',
  'run-serve.ts',
  'serve.ts',
  'serving-certificates.ts',
]);

/** Packages with one owner each; `main.ts` composes and owns none. */
const packageOwners: Readonly<Record<string, readonly string[]>> = {
  '@kubernetes/client-node': ['cluster'],
  express: ['http'],
  'fast-json-patch': ['mutations'],
  selfsigned: ['tls'],
  zod: ['api', 'admission', 'config.ts', 'cli'],
  pino: ['telemetry'],
  'prom-client': ['telemetry'],
  commander: ['cli'],
  yaml: ['api', 'cli'],
  picomatch: ['workload'],
  re2js: ['policies', 'quota'],
};

/** STYLE's banned names: they say nothing of what a file knows. */
const bannedNames = /(^|[-.])(utils?|helpers?|common|misc|manager|processor|service|engine|types|index)([-.]|$)/;

const longestFile = 250;
const source = resolve(import.meta.dirname, '../src');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

function roomOf(file: string): string {
  const [first = ''] = file.split('/');
  return first;
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(source, file), 'utf8');
  const statements = text.matchAll(
    /^\s*(?:import|export)\b[^'";]*?\bfrom\s+'([^']+)'|^\s*import\s+'([^']+)'|\bimport\('([^']+)'\)/gm,
  );
  return [...statements].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

/** Names of the packages that a file imports, those of Node among them. */
function packagesOf(file: string): string[] {
  return importsOf(file)
    .filter((name) => !name.startsWith('.'))
    .map((name) =>
      name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/'),
    );
}

describe('the import table of the rooms', () => {
  test('covers every room there is', () => {
    const rooms = new Set(files.map(roomOf));
    expect([...rooms].filter((room) => !(room in mayImport) && !compositionFiles.has(room))).toEqual([]);
    expect([...compositionFiles].filter((file) => !rooms.has(file))).toEqual([]);
  });

  test.each(files)('%s imports only what its room may', (file) => {
    const room = roomOf(file);
    if (compositionFiles.has(room)) return;
    const allowed = new Set([room, ...(mayImport[room] ?? [])]);
    const wrong = importsOf(file)
      .filter((name) => name.startsWith('.'))
      .map((name) => relative(source, resolve(source, dirname(file), name)))
      .filter((target) => !allowed.has(roomOf(target)));
    expect(wrong).toEqual([]);
  });

  test.each(files)('%s imports only packages that its room owns', (file) => {
    const wrong = packagesOf(file).filter(
      (name) => name in packageOwners && !packageOwners[name]?.includes(roomOf(file)),
    );
    expect(wrong).toEqual([]);
  });

  test('covers every dependency, and each is imported', () => {
    const { dependencies } = JSON.parse(readFileSync(join(source, '../package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const names = Object.keys(dependencies).toSorted();
    expect(Object.keys(packageOwners).toSorted()).toEqual(names);
    const imported = new Set(files.flatMap(packagesOf));
    expect(names.filter((name) => !imported.has(name))).toEqual([]);
  });
});

describe('files', () => {
  test('have names that say what they know', () => {
    expect(files.filter((file) => file.split('/').some((part) => bannedNames.test(part.replace(/\.ts$/, ''))))).toEqual(
      [],
    );
  });

  test(`have at most ${longestFile} lines`, () => {
    const lines = (file: string) => readFileSync(join(source, file), 'utf8').split('\n').length;
    expect(files.filter((file) => lines(file) > longestFile)).toEqual([]);
  });

  test('read process.env only in main.ts', () => {
    expect(
      files.filter((f) => f !== 'main.ts' && readFileSync(join(source, f), 'utf8').includes('process.env')),
    ).toEqual([]);
  });
});
