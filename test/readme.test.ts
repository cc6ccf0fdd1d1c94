import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { webhookIds, webhookPaths } from '../src/review/webhooks.ts';
import { webhookConfigurations } from '../src/cli/manifests/webhook-configurations.ts';
import { exitCodes } from '../src/cli/exit-codes.ts';
import { defaultLimits } from '../src/http/limits.ts';
import { programInMemory } from './support/program-in-memory.ts';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

/** First cells of the rows of the table under a heading whose header row begins with `column`. */
function firstCells(column: string): string[] {
  const rows = readme.split('\n');
  const header = rows.findIndex((row) => new RegExp(`^\\| ${column} +\\|`).test(row));
  const end = rows.findIndex((row, index) => index > header && !row.startsWith('|'));
  return rows.slice(header + 2, end).map((row) => row.split('|')[1]?.trim() ?? '');
}

const program = await programInMemory();
const commands = program.commands.flatMap((command) =>
  command.commands.length === 0 ? [command.name()] : command.commands.map((sub) => `${command.name()} ${sub.name()}`),
);

// What is generated (rules, mutations, policy reference, settings, metrics) is held to the code by test/generate.
describe('the README names', () => {
  test('every command and no other', () => {
    expect(firstCells('command')).toEqual(commands.map((command) => `\`gpugate ${command}\``));
  });

  test('every exit code and no other', () => {
    expect(firstCells('exit code').map(Number)).toEqual(Object.values(exitCodes).toSorted((a, b) => a - b));
  });

  test('every webhook with its path and no other', () => {
    expect(firstCells('webhook')).toEqual(webhookIds);
    for (const path of Object.values(webhookPaths)) expect(readme).toContain(`| ${path} `);
  });

  test('what happens to each webhook that nobody answers, with its failurePolicy', () => {
    expect(firstCells('webhook, unanswered')).toEqual(webhookIds);
    const client = { url: 'https://127.0.0.1' };
    const namespace = 'gpugate-system';
    const registered = webhookConfigurations({ client, namespace, kinds: ['Pod'], podsFailurePolicy: 'Ignore' });
    type Webhook = { name: string; failurePolicy: string };
    for (const { name, failurePolicy } of registered.flatMap((object) => object['webhooks'] as Webhook[])) {
      const row = new RegExp(`^\\| ${name.replace('.gpugate.dev', '')} +\\| \\**${failurePolicy}\\b`, 'm');
      expect(readme).toMatch(row);
    }
  });

  test('the limits that meet huge bodies and slow connections', () => {
    const row = /^\| huge bodies, slow or many connections +\|([^|]+)\|/m.exec(readme)?.[1] ?? '';
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
    expect(firstCells('overlay').toSorted()).toEqual(overlays.map((name) => `\`${name}\``).toSorted());
  });

  test('only npm scripts that there are', () => {
    const named = [...readme.matchAll(/npm run ([a-z]+)/g)].map((match) => match[1] ?? '');
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
    expect(named.length).toBeGreaterThan(0);
  });

  test('only files that there are', () => {
    const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1] ?? '');
    for (const link of links) expect(() => readFileSync(join(root, link))).not.toThrow();
  });
});
