import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { withBuildLock } from './build-lock.ts';
import { startBuildProgress } from './build-progress.ts';
import { onOwnerExit } from './owner-exit.ts';

/** A Go module of the tests that is built into one binary. */
export type GoModule = {
  /** Of the binary, of its folder in the cache, and in what is told while it is built. */
  readonly name: string;
  readonly source: string;
  /** Further names of the binary, by which it can tell what it is to be. */
  readonly links?: readonly string[];
  readonly linkerFlags?: () => Promise<string>;
  /** What to say where there is no Go. */
  readonly noGo: string;
};

const keptErrorLines = 20;

/** The folder of the binary: built once, outside of the tree, then from the cache. */
export const ensureGoModule = async (module: GoModule, env: NodeJS.ProcessEnv = process.env): Promise<string> => {
  const cache = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'gpugate');
  const folder = join(cache, `${module.name}-${await fingerprint(module.source)}`);
  if (!existsSync(folder)) {
    await mkdir(cache, { recursive: true });
    await withBuildLock(`${folder}.lock`, async () => {
      if (!existsSync(folder)) await build(module, folder, env);
    });
  }
  return folder;
};

/** Names the build by all that decides its content, so that a changed module never meets an old binary. */
const fingerprint = async (source: string): Promise<string> => {
  const names = (await readdir(source)).filter((name) => name.endsWith('.go') || /^go\.(mod|sum)$/.test(name));
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  for (const name of names.sort()) hash.update(`${name}\n`).update(await readFile(join(source, name)));
  return hash.digest('hex').slice(0, 16);
};

const build = async (module: GoModule, folder: string, env: NodeJS.ProcessEnv): Promise<void> => {
  const { name, links = [], linkerFlags = () => Promise.resolve('-s -w') } = module;
  const staging = await mkdtemp(`${folder}.building-`);
  const disown = onOwnerExit(() => rmSync(staging, { recursive: true, force: true }));
  const progress = startBuildProgress(name);
  const go = (args: string[], onLine?: (line: string) => void) => runGo(args, module, env, onLine);
  try {
    const flags = await linkerFlags();
    progress.expect((await go(['list', '-mod=readonly', '-deps', '.'])).length);
    const output = join(staging, name);
    const args = ['build', '-v', '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', flags, '-o', output, '.'];
    await go(args, progress.step);
    await Promise.all(links.map((link) => symlink(name, join(staging, link))));
    await rename(staging, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error; // else another build came first: its result is as good
  } finally {
    progress.end();
    await rm(staging, { recursive: true, force: true });
    disown();
  }
};

/** Runs go, gives each line of its stderr to `onLine`, and answers with the lines of its stdout. */
const runGo = (
  args: string[],
  { source: cwd, noGo }: GoModule,
  env: NodeJS.ProcessEnv,
  onLine?: (line: string) => void,
) =>
  new Promise<string[]>((succeed, fail) => {
    // CGO off: no C compiler needed. GOWORK off: a go.work above the checkout must not reach in.
    const child = spawn('go', args, {
      cwd,
      env: { ...env, CGO_ENABLED: '0', GOWORK: 'off' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const disown = onOwnerExit(() => child.kill());
    const output: string[] = [];
    const lastErrors: string[] = [];
    createInterface(child.stdout).on('line', (line) => output.push(line));
    createInterface(child.stderr).on('line', (line) => {
      onLine?.(line);
      lastErrors.push(line);
      if (lastErrors.length > keptErrorLines) lastErrors.shift();
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      disown();
      fail(error.code === 'ENOENT' ? new Error(noGo) : error);
    });
    child.on('close', (code) => {
      disown();
      if (code === 0) succeed(output);
      else fail(new Error(`go ${args[0]} failed (Go 1.26 or newer is needed):\n${lastErrors.join('\n')}`));
    });
  });
