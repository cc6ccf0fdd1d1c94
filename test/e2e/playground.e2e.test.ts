import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';

const root = join(import.meta.dirname, '../..');
let directory: string;
let playground: ChildProcess;
let printed = '';

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gpugate-playground-'));
  const readyFile = join(directory, 'ready');
  const args = [join(root, 'test/playground/main.ts'), '--replicas', '2', '--ready-file', readyFile];
  playground = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  playground.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  while (!existsSync(readyFile)) {
    if (playground.exitCode !== null) throw new Error(`the playground exited with ${playground.exitCode}`);
    await sleep(100);
  }
});
afterAll(async () => {
  if (playground.exitCode === null) playground.kill('SIGKILL');
  await sleep(0);
  rmSync(directory, { recursive: true });
});

/** Runs what the playground printed, as a user would paste it. */
async function paste(command: string): Promise<string> {
  const exports = printed.split('\n').filter((line) => line.trim().startsWith('export '));
  const script = [...exports, command].join('\n');
  return new Promise((resolve) => {
    execFile('bash', ['-c', script], { cwd: root }, (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}

const commands = (): string[] =>
  printed
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('kubectl '));

type Transcript = { readonly file: string; readonly name: string; readonly language: string };

/** The block of a page between the marker and the end of its fence; rewritten with UPDATE_DOCS=1. */
function expectInPage({ file, name, language }: Transcript, text: string): void {
  const path = join(root, file);
  const block = new RegExp(`(<!-- transcript:${name} -->\n\n)(?:\`\`\`[a-z]*\n[^]*?\n\`\`\`\n)?`);
  const page = readFileSync(path, 'utf8');
  const wanted = page.replace(block, (_, head: string) => `${head}\`\`\`${language}\n${text.trimEnd()}\n\`\`\`\n`);
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path, wanted);
  expect(page.includes(`<!-- transcript:${name} -->`)).toBe(true);
  expect(readFileSync(path, 'utf8')).toBe(wanted);
}

test('its first command shows a pod filled in, as the page on policies says', async () => {
  const [mutated = ''] = commands();
  const pod = parse(await paste(mutated)) as { metadata: Record<string, unknown>; spec: Record<string, unknown> };
  const { name, namespace, labels, annotations } = pod.metadata;
  const [container] = pod.spec['containers'] as Record<string, unknown>[];
  const shown = {
    metadata: { name, namespace, labels, annotations },
    spec: { containers: [{ name: container?.['name'], env: container?.['env'], resources: container?.['resources'] }] },
  };
  const page = { file: 'src/policies/README.md', name: 'mutated', language: 'yaml' };
  expectInPage(page, `# ${mutated}\n${stringify(shown, { singleQuote: true })}`);
});

test("its second command shows a denial, as the README's transcript says", async () => {
  const [, refused = ''] = commands();
  const page = { file: 'README.md', name: 'denial', language: 'console' };
  expectInPage(page, `$ ${refused}\n${await paste(refused)}`);
});

test('its third command creates a pod, and its policies are objects of the cluster', async () => {
  const [, , created = ''] = commands();
  expect(await paste(created)).toBe('pod/job-8-web created\n');
  expect(await paste('kubectl get workloadpolicies -o name')).toBe(
    'workloadpolicy.gpugate.dev/platform\nworkloadpolicy.gpugate.dev/sandbox\n',
  );
});

test('Ctrl-C ends it and leaves nothing behind', async () => {
  const kubeconfig = readFileSync(join(directory, 'ready'), 'utf8').trim();
  const exited = once(playground, 'exit');
  playground.kill('SIGINT');
  expect(await exited).toEqual([0, null]);
  expect(existsSync(dirname(kubeconfig))).toBe(false);
});
