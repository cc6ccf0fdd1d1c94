import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tableUnder } from './support/markdown.ts';

/** Who may import whom: the table of src/README.md. `import type` counts. A room may always import itself. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  api: [],
  telemetry: [],
  text: ['api'],
  workload: ['api'],
  policies: ['api', 'workload', 'text'],
  mutations: ['api', 'workload', 'text'],
  quota: ['api', 'workload', 'text'],
  review: ['api', 'workload'],
  admission: ['api', 'workload', 'policies', 'mutations', 'quota', 'review', 'text'],
  record: ['api', 'workload', 'review', 'admission', 'text'],
  cluster: ['api', 'text', 'workload', 'quota', 'telemetry'],
  files: ['api', 'text', 'workload', 'quota', 'telemetry'],
  controller: ['api', 'quota', 'cluster', 'tls', 'telemetry'],
  tls: ['telemetry', 'text'],
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

/** The files of ours that a file imports. */
function targetsOf(file: string): string[] {
  return importsOf(file)
    .filter((name) => name.startsWith('.'))
    .map((name) => relative(source, resolve(source, dirname(file), name)));
}

/** Groups of files that all import one another, directly or by way of others (Tarjan's strongly connected components). */
function importCycles(targets: (file: string) => readonly string[]): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const cycles: string[][] = [];
  const visit = (file: string): number => {
    const place = order.size;
    order.set(file, place);
    let low = place;
    open.push(file);
    for (const target of targets(file)) {
      if (!order.has(target)) low = Math.min(low, visit(target));
      else if (open.includes(target)) low = Math.min(low, lowest.get(target) ?? order.get(target) ?? low);
    }
    lowest.set(file, low);
    if (low === place) {
      const group = open.splice(open.indexOf(file)).toSorted();
      if (group.length > 1 || targets(file).includes(file)) cycles.push(group);
    }
    return low;
  };
  for (const file of files) if (!order.has(file)) visit(file);
  return cycles;
}

describe('the import table of the rooms', () => {
  test('is the one of src/README.md', () => {
    const rows = tableUnder(readFileSync(join(source, 'README.md'), 'utf8'), 'room');
    const shown = Object.entries(mayImport).map(([room, rooms]) => [room, rooms.join(', ') || 'nothing of ours']);
    expect(rows.map(([room, , rooms]) => [room, rooms])).toEqual(shown);
  });

  test('covers every room there is and no other', () => {
    const rooms = new Set(files.map(roomOf));
    const named = [...Object.keys(mayImport), ...compositionFiles];
    expect(named.toSorted()).toEqual([...rooms].toSorted());
    expect([...new Set(Object.values(mayImport).flat())].filter((room) => !rooms.has(room))).toEqual([]);
  });

  test('allows no cycle between files', () => {
    expect(importCycles(targetsOf)).toEqual([]);
  });

  test('would find one', () => {
    const imports = new Map([
      ['api/condition.ts', ['config.ts']],
      ['config.ts', ['main.ts', 'command-line.ts']],
      ['main.ts', ['api/condition.ts']],
    ]);
    const found = importCycles((file) => imports.get(file) ?? []);
    expect(found).toEqual([['api/condition.ts', 'config.ts', 'main.ts']]);
  });

  test.each(files)('%s imports only what its room may', (file) => {
    const room = roomOf(file);
    if (compositionFiles.has(room)) return;
    const allowed = new Set([room, ...(mayImport[room] ?? [])]);
    const wrong = targetsOf(file).filter((target) => !allowed.has(roomOf(target)));
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
