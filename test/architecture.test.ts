import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

/** Who may import whom: the table of src/README.md. `import type` counts. A room may always import itself. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  api: [],
  telemetry: [],
  text: ['api'],
  workload: ['api'],
  policies: ['api', 'workload', 'text'],
  mutations: ['api', 'workload', 'text'],
  quota: ['api', 'workload', 'text'],
  review: ['api', 'workload', 'telemetry'],
  admission: ['api', 'workload', 'policies', 'mutations', 'quota', 'review', 'text', 'record', 'telemetry'],
  record: ['api', 'workload', 'review', 'admission', 'mutations', 'text'],
  cluster: ['api', 'text', 'workload', 'quota', 'telemetry'],
  files: ['api', 'text', 'workload', 'quota', 'telemetry'],
  controller: ['api', 'quota', 'cluster', 'tls', 'telemetry'],
  tls: ['api', 'telemetry', 'text'],
  http: ['api', 'review', 'admission', 'quota', 'telemetry'],
  // tls: the doctor judges certificates by the same functions as the server.
  cli: 'api text workload policies mutations quota review admission record cluster files tls telemetry'.split(' '),
  serve:
    'api text workload policies mutations quota review admission record cluster files controller tls http telemetry config.ts'.split(
      ' ',
    ),
  'config.ts': ['api', 'text'],
};

/** The composition root: they import everything, and nothing imports them. */
const compositionFiles: ReadonlySet<string> = new Set(['command-line.ts', 'main.ts']);

/** Packages with one owner each; `main.ts` composes and owns none. */
const packageOwners: Readonly<Record<string, readonly string[]>> = {
  '@kubernetes/client-node': ['cluster'],
  express: ['http'],
  'fast-json-patch': ['mutations'],
  selfsigned: ['tls'],
  zod: ['api', 'review', 'record', 'text', 'config.ts', 'cli'],
  pino: ['telemetry'],
  'prom-client': ['telemetry'],
  commander: ['cli'],
  yaml: ['text', 'cli'],
  picomatch: ['workload'],
  re2js: ['policies', 'quota', 'cli'],
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
