import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildPackage, runBuilt, type RunOptions } from './support/build-package.ts';
import { outputOf } from './support/run-gpugate.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..');
const { bin, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  bin: Record<string, string>;
  dependencies: Record<string, string>;
};
const examples = join(root, 'manifests/examples');
/** A command that reads files and asks no cluster. */
const offline = ['check', '--policies', join(examples, 'policies'), '--snapshot', join(examples, 'snapshot.yaml')];
offline.push(join(examples, 'pods/shared-gpu.yaml'));

let directory: string;
let remove: () => void;
beforeAll(async () => {
  ({ directory, remove } = await buildPackage());
});
afterAll(() => remove());

const filesBelow = (place: string) => readdirSync(place, { recursive: true, encoding: 'utf8' }).toSorted();
const runIt = (args: readonly string[], options?: RunOptions) => runBuilt(directory, args, options);

describe('the package', () => {
  test('holds the bundle, the manifests, and nothing of the source or the tests', async () => {
    const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: directory });
    const [packed] = JSON.parse(stdout) as [{ files: { path: string }[] }];
    const paths = packed.files.map(({ path }) => path);
    const tops = new Set(paths.map((path) => path.split('/')[0] ?? ''));
    expect([...tops].toSorted()).toEqual(['LICENSE', 'README.md', 'dist', 'manifests', 'package.json']);
    expect(paths).toEqual(expect.arrayContaining([...Object.values(bin), 'dist/licenses.txt']));
    expect(paths.filter((path) => path.endsWith('.ts'))).toEqual([]);
  });

  test('runs each program of its own as a script', () => {
    for (const file of Object.values(bin)) {
      expect(readFileSync(join(directory, file), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    }
  });

  test('asks for no package that is not among its dependencies', () => {
    const chunks = filesBelow(join(directory, 'dist')).filter((file) => file.endsWith('.js'));
    const asked = chunks.flatMap((file) => {
      const text = readFileSync(join(directory, 'dist', file), 'utf8');
      return [...text.matchAll(/(?:\bfrom |^import |\bimport\(|\brequire\()"([a-z@][^"]*)"/gm)].map(
        ([, name = '']) => name,
      );
    });
    const builtins = /^node:|^(?:process|buffer)$/;
    const packages = [...new Set(asked)].filter((name) => !builtins.test(name));
    expect(packages.toSorted()).toEqual(['@kubernetes/client-node', 'express', 'pino', 'prom-client', 'selfsigned']);
    for (const name of packages) expect(dependencies).toHaveProperty([name]);
  });

  test('says what the source says', async () => {
    expect((await runIt(offline)).stdout).toBe(await outputOf(offline));
    expect((await runIt(['--help'])).stdout).toBe(await outputOf(['--help']));
    expect(await runIt(['usage', '--snapshot', 'absent.yaml'])).toMatchObject({ code: 2 });
  });

  test('serves', async () => {
    const flags = ['serve', '--embedded', '--port', '0', '--ops-port', '0'];
    const child = spawn(process.execPath, [join(directory, 'dist/main.js'), ...flags], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (line.includes('"msg":"serving"')) break;
    }
    expect(lines.at(-1)).toContain('"msg":"serving"');
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });
});

type Loaded = { readonly chunks: ReadonlySet<string>; readonly packages: string[]; readonly builtins: string[] };

describe('a command that asks no cluster', () => {
  /** Every file of ours and every package that a run loads: a hook of Node tells them. */
  async function loadedBy(args: readonly string[]): Promise<Loaded> {
    const hook = join(directory, 'tell-loaded.mjs');
    writeFileSync(
      hook,
      `import { registerHooks } from 'node:module';
       registerHooks({ load(url, context, next) { process.stderr.write('loaded ' + url + '\\n'); return next(url, context); } });`,
    );
    const { stderr, code } = await runIt(args, { flags: ['--import', hook] });
    expect(code).toBe(0);
    const urls = [...stderr.matchAll(/^loaded (.*)$/gm)].map(([, url = '']) => url);
    const chunks = new Set(urls.flatMap((url) => /\/dist\/(.*)$/.exec(url)?.[1] ?? []));
    return { chunks, packages: urls.flatMap(packageOf), builtins: urls.filter((url) => url.startsWith('node:')) };
  }

  const packageOf = (file: string) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? [];

  test('loads the packages that it needs, out of the bundle, and none of a server or a cluster', async () => {
    const { chunks, packages, builtins } = await loadedBy(offline);
    expect(packages).toEqual([]);
    const dear = ['node:crypto', 'node:http', 'node:https', 'node:net', 'node:tls'];
    expect(dear.filter((name) => builtins.includes(name))).toEqual([]);
    // The bundler writes above each module where it is from.
    const modules = [...chunks].flatMap((chunk) => {
      const text = readFileSync(join(directory, 'dist', chunk), 'utf8');
      return [...text.matchAll(/^\/\/ (\S+\.[cm]?[jt]s)$/gm)].map(([, file = '']) => file);
    });
    const bundled = new Set(modules.flatMap(packageOf));
    expect([...bundled].toSorted()).toEqual(['commander', 'fast-json-patch', 'picomatch', 're2js', 'yaml', 'zod']);
    expect(modules).toContain('src/cli/check/check-command.ts');
    const wrong =
      /^src\/(?:(?:http|controller|tls)\/|serve|config\.ts|cluster\/(?:client|reflector|view)\.ts|telemetry\/(?:log|metrics)\.ts)/;
    expect(modules.filter((file) => wrong.test(file))).toEqual([]);
  });

  test('loads nothing but the names of commands for help', async () => {
    const { chunks, packages } = await loadedBy(['--help']);
    expect(packages).toEqual([]);
    expect(chunks.size).toBeLessThanOrEqual(6);
  });
});

describe('compiled code', () => {
  test('is kept in the cache directory of the user, and nothing is written elsewhere', async () => {
    const home = mkdtempSync(join(directory, 'home-'));
    const temporary = mkdtempSync(join(directory, 'tmp-'));
    const environment = { HOME: home, TMPDIR: temporary, XDG_CACHE_HOME: join(home, 'cache') };
    mkdirSync(environment.XDG_CACHE_HOME);
    expect(await runIt(offline, { environment })).toMatchObject({ code: 0, stderr: '' });
    expect(filesBelow(join(home, 'cache/gpugate/compiled')).length).toBeGreaterThan(5);
    expect(readdirSync(home)).toEqual(['cache']);
    expect(readdirSync(temporary)).toEqual([]);
    rmSync(home, { recursive: true });
  });

  test.each([
    ['lies below a file', '/dev/null'],
    ['cannot be made', '/proc/gpugate'],
    ['cannot be written', '/proc'],
  ])('is done without where its directory %s', async (_, place) => {
    const environment = { XDG_CACHE_HOME: place };
    const { code, stdout, stderr } = await runIt(offline, { environment });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(await outputOf(offline));
  });
});
