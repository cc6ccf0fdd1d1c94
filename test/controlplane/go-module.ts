import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { withBuildLock } from './build-lock.ts';
import { startBuildProgress } from './build-progress.ts';
import { onOwnerExit } from './owner-exit.ts';

/** A Go module of the tests, built into one binary. */
export type GoModule = {
  /** Names the binary and its folder in the cache, and is shown while it is built. */
  readonly name: string;
  readonly source: string;
  /** The file with its requirements, if that is not go.mod. Its checksums are in the .sum file beside it. */
  readonly moduleFile?: string;
  /** Further names of the binary, by which it knows which tool to be. */
  readonly links?: readonly string[];
  readonly linkerFlags?: () => Promise<string>;
  /** The error message if there is no Go. */
  readonly noGo: string;
};

const keptErrorLines = 20;

/** The folder of the binary, which is built once and kept in a cache outside of the tree. */
export const ensureGoModule = async (module: GoModule, env: NodeJS.ProcessEnv = process.env): Promise<string> => {
  const cache = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'gpugate');
  const folder = join(cache, `${module.name}-${await fingerprint(module)}`);
  if (!existsSync(folder)) {
    await mkdir(cache, { recursive: true });
    await withBuildLock(`${folder}.lock`, async () => {
      if (!existsSync(folder)) await build(module, folder, env);
    });
  }
  return folder;
};

/** Names the build by everything that decides its content, so that a changed module never meets an old binary. */
const fingerprint = async ({ source, moduleFile = 'go.mod' }: GoModule): Promise<string> => {
  const files = await readdir(source);
  const moduleFiles = [moduleFile, moduleFile.replace(/\.mod$/, '.sum')].filter((file) => files.includes(file));
  const named = [
    ...files.filter((file) => file.endsWith('.go')).map((file) => ({ name: file, file })),
    ...moduleFiles.map((file) => ({ name: `go${extname(file)}`, file })),
  ];
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  for (const { name, file } of named.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    hash.update(`${name}\n`).update(await readFile(join(source, file)));
  }
  return hash.digest('hex').slice(0, 16);
};

const build = async (module: GoModule, folder: string, env: NodeJS.ProcessEnv): Promise<void> => {
  const { name, moduleFile = 'go.mod', links = [], linkerFlags = () => Promise.resolve('-s -w') } = module;
  const staging = await mkdtemp(`${folder}.building-`);
  const disown = onOwnerExit(() => rmSync(staging, { recursive: true, force: true }));
  const progress = startBuildProgress(name);
  const go = (args: string[], onLine?: (line: string) => void) => runGo(args, module, env, onLine);
  try {
    const flags = await linkerFlags();
    const requirements = ['-mod=readonly', `-modfile=${moduleFile}`];
    progress.expect((await go(['list', ...requirements, '-deps', '.'])).length);
    const output = join(staging, name);
    const reproducible = ['-trimpath', '-buildvcs=false'];
    await go(['build', '-v', ...requirements, ...reproducible, '-ldflags', flags, '-o', output, '.'], progress.step);
    await Promise.all(links.map((link) => symlink(name, join(staging, link))));
    await rename(staging, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error; // else another build came first, and its result is as good
  } finally {
    progress.end();
    await rm(staging, { recursive: true, force: true });
    disown();
  }
};

/** Runs go, passes each line of its stderr to `onLine`, and resolves with the lines of its stdout. */
const runGo = (
  args: string[],
  { source: cwd, noGo }: GoModule,
  env: NodeJS.ProcessEnv,
  onLine?: (line: string) => void,
) =>
  new Promise<string[]>((succeed, fail) => {
    // Without CGO no C compiler is needed. Without GOWORK a go.work above the checkout has no effect.
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
