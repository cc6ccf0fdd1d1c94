import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exitCodes } from '../src/cli/exit-codes.ts';
import { webhookConfigurations } from '../src/cli/manifests/webhook-configurations.ts';
import { defaultLimits } from '../src/http/limits.ts';
import { webhookIds, webhookPaths } from '../src/review/webhooks.ts';
import { firstRequests } from '../src/serve/embedded.ts';
import { metricNames } from '../src/telemetry/metric-names.ts';
import { commandsOf } from './generate/command-tables.ts';
import { pagePaths } from './generate/pages.ts';
import {
  codeBlocks,
  firstCells,
  headingAnchors,
  inlineCode,
  linksOf,
  shellCommands,
  tableUnder,
} from './support/markdown.ts';
import { programInMemory } from './support/program-in-memory.ts';
import { runInMemory } from './support/run-in-memory.ts';

// What is generated (commands, rules, mutations, references, settings, metrics) is held to the code by test/generate.

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const pages = new Map(pagePaths().map((path) => [path, read(path)]));
const page = (path: string) => pages.get(path) ?? '';
const { scripts, version } = JSON.parse(read('package.json')) as { scripts: Record<string, string>; version: string };

const program = await programInMemory();
const commands = new Map(commandsOf(program));
/** Told of older versions, which had other metrics and flags. */
const history = 'CHANGELOG.md';
const present = [...pages].filter(([path]) => path !== history);

describe('README.md', () => {
  test('has at most 250 lines', () => {
    expect(page('README.md').split('\n').length - 1).toBeLessThanOrEqual(250);
  });

  test('leads to every other page', () => {
    const reached = new Set(['README.md', 'certs/README.md']);
    for (const from of reached) {
      for (const target of linksOf(page(from))) {
        const path = normalize(join(dirname(from), target.replace(/#.*/, '')));
        if (pages.has(path)) reached.add(path);
      }
    }
    expect([...pages.keys()].filter((path) => !reached.has(path))).toEqual([]);
  });

  test('shows the requests that npm start prints', () => {
    const printed = firstRequests(8443, 'certs/ca.crt').match(/curl .*?(?= \|)/g);
    expect(printed).toHaveLength(2);
    for (const line of printed ?? []) expect(page('README.md').split('\n')).toContain(line);
  });
});

describe.each(present)('%s names only', (path, text) => {
  test('files and sections that there are', () => {
    const wrong = linksOf(text).filter((target) => {
      if (target.startsWith('https://')) return false;
      const [file = '', anchor] = target.split('#');
      const linked = file === '' ? path : normalize(join(dirname(path), file));
      if (!existsSync(join(root, linked))) return true;
      return anchor !== undefined && !headingAnchors(read(linked)).has(anchor);
    });
    expect(wrong).toEqual([]);
  });

  test('commands and flags that there are', () => {
    const inline = inlineCode(text).filter((code) => /^(npm|(npx |kubectl )?gpugate)( |$)/.test(code));
    const wrong = [...shellCommands(text), ...inline.map((code) => code.split(' '))].filter((words) => !isRight(words));
    expect(wrong).toEqual([]);
  });

  test('flags that some command has', () => {
    const flags = inlineCode(text).flatMap((code) => /^--[a-z-]+/.exec(code) ?? []);
    expect(flags.filter((flag) => !knownFlags.has(flag))).toEqual([]);
  });

  test('metrics that there are', () => {
    const known = new Set<string>(Object.values(metricNames).map(({ name }) => name));
    const named = text.match(/\bgpugate_[a-z_]+\b/g) ?? [];
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});

const flagsOf = (name: string) =>
  (commands.get(name)?.options ?? []).flatMap(({ long, short }) => [long ?? '', short ?? '']);

/** `--create-namespace` is Helm's. */
const knownFlags: ReadonlySet<string> = new Set([
  ...[...commands.keys()].flatMap(flagsOf),
  '--help',
  '--create-namespace',
]);

const testFiles = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);
const isReadByTests = (variable: string) =>
  testFiles.some((file) => read(join('test', file)).includes(variable) && file !== 'docs.test.ts');

/** Whether a command line names a program, a command, flags, scripts, files and variables that exist. */
function isRight(line: readonly string[]): boolean {
  const first = line.findIndex((word) => !/^[A-Z_]+=/.test(word));
  const variables = line.slice(0, Math.max(first, 0)).map((word) => word.replace(/=.*/, ''));
  const [name = '', ...words] = line.slice(first);
  if (!variables.every(isReadByTests)) return false;
  if (!words.every((word) => !/^(manifests|src|test)\//.test(word) || existsSync(join(root, word)))) return false;
  if (name === 'npm') return isScript(words);
  const isPlugin = (name === 'npx' || name === 'kubectl') && words[0] === 'gpugate';
  if (name !== 'gpugate' && !isPlugin) return true;
  return isGpugate(isPlugin ? words.slice(1) : words);
}

function isScript([verb = '', script = '']: readonly string[]): boolean {
  return verb === 'run' ? script in scripts : verb in scripts || ['ci', 'install'].includes(verb);
}

function isGpugate(words: readonly string[]): boolean {
  // `gpugate COMMAND` and `gpugate` alone are about all of them.
  if (words.length === 0 || words[0] === 'COMMAND') return true;
  const known = [`gpugate ${words[0]}`, `gpugate ${words[0]} ${words[1] ?? ''}`].find((name) => commands.has(name));
  if (known === undefined) return false;
  const flags = words.filter((word) => word.startsWith('-') && word !== '-').map((word) => word.replace(/=.*/, ''));
  return flags.every((flag) => flag === '--help' || flagsOf(known).includes(flag));
}

/** UPDATE_DOCS=1 writes what the commands print now; read the difference before it is committed. */
const isUpdate = process.env['UPDATE_DOCS'] === '1';

describe('consoles show what the command prints', () => {
  const consoles = [...pages].flatMap(([path, text]) =>
    codeBlocks(text)
      .filter(({ language, text: shown }) => language === 'console' && shown.startsWith('$ gpugate '))
      .map(({ text: shown }) => [path, shown.split('\n')[0] ?? '', shown] as const),
  );

  test.each(consoles)('%s: %s', async (path, prompt, shown) => {
    const { out, err } = await runInMemory(prompt.split(' ').slice(2), root);
    const wanted = `${prompt}\n${err}${out}`.trimEnd();
    if (isUpdate)
      writeFileSync(
        join(root, path),
        read(path).replace(shown, () => wanted),
      );
    else expect(shown).toBe(wanted);
  });

  test('somewhere', () => expect(consoles.length).toBeGreaterThan(0));
});

describe('src/cli/README.md', () => {
  test('has a section for every command', () => {
    const anchors = headingAnchors(page('src/cli/README.md'));
    expect([...commands.keys()].filter((name) => !anchors.has(name.replaceAll(' ', '-')))).toEqual([]);
  });

  test('names every exit code and no other', () => {
    const codes = firstCells(page('src/cli/README.md'), 'exit code').map(Number);
    expect(codes).toEqual(Object.values(exitCodes).toSorted((a, b) => a - b));
  });
});

describe('manifests/README.md names', () => {
  const text = page('manifests/README.md');

  test('every webhook with its path and no other', () => {
    const rows = tableUnder(text, 'webhook').map(([id, path]) => [id, path]);
    expect(rows).toEqual(webhookIds.map((id) => [id, webhookPaths[id]]));
  });

  test('what happens to each webhook that nobody answers, with its failurePolicy', () => {
    const client = { url: 'https://127.0.0.1' };
    const namespace = 'gpugate-system';
    const registered = webhookConfigurations({ client, namespace, kinds: ['Pod'], podsFailurePolicy: 'Ignore' });
    type Webhook = { name: string; failurePolicy: string };
    const policies = registered.flatMap((object) => object['webhooks'] as Webhook[]);
    const rows = tableUnder(text, 'webhook, unanswered');
    expect(rows.map(([id]) => id)).toEqual(webhookIds);
    for (const [id, policy] of rows) {
      const { failurePolicy } = policies.find(({ name }) => name === `${id}.gpugate.dev`) ?? {};
      expect([id, policy?.replaceAll('*', '').replace(', a setting', '')]).toEqual([id, failurePolicy]);
    }
  });

  test('the limits that meet huge bodies and slow connections', () => {
    const row = /^\| huge bodies, slow or many connections +\|([^|]+)\|/m.exec(text)?.[1] ?? '';
    const { maxBodyBytes, maxBodiesBytes, maxConnections, handshakeTimeoutMs, headTimeoutMs } = defaultLimits;
    for (const [limit, what] of [
      [`${maxBodyBytes / 2 ** 20} MiB`, ' a body'],
      [`${maxBodiesBytes / 2 ** 20} MiB`, ' of bodies'],
      [maxConnections.toLocaleString('en'), ' connections'],
      [`${handshakeTimeoutMs / 1000} s`, ' for a handshake'],
      [`${headTimeoutMs / 1000} s`, ' for a head'],
    ] as const) {
      expect(row).toContain(limit + what);
    }
  });

  test('every overlay and no other', () => {
    const overlays = readdirSync(join(root, 'manifests/overlays'));
    expect(firstCells(text, 'overlay').toSorted()).toEqual(overlays.map((name) => `\`${name}\``).toSorted());
  });
});

describe('CHANGELOG.md', () => {
  test('begins with what is not released, then this version', () => {
    const headings = Array.from(page(history).matchAll(/^## (.*)$/gm), ([, heading = '']) => heading);
    expect(headings[0]).toBe('[Unreleased]');
    expect(headings[1]).toMatch(new RegExp(`^\\[${version.replaceAll('.', '\\.')}\\] - \\d{4}-\\d\\d-\\d\\d$`));
  });

  test('has the sections of Keep a Changelog', () => {
    const sections = Array.from(page(history).matchAll(/^### (.*)$/gm), ([, heading = '']) => heading);
    const known = new Set(['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security']);
    expect(sections.filter((section) => !known.has(section))).toEqual([]);
  });
});
