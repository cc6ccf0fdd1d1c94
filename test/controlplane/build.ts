import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { withBuildLock } from './build-lock.ts';
import { startBuildProgress } from './build-progress.ts';
import { onOwnerExit } from './owner-exit.ts';

export const tools = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'] as const;
export type Tool = (typeof tools)[number];
export type Binaries = Record<Tool, string>;

export type BuildOptions = {
  /** The tools that have to be there; a folder of setup-envtest has only etcd, kube-apiserver and kubectl. */
  required?: readonly Tool[];
  env?: NodeJS.ProcessEnv;
  /** The folder of the Go module. */
  source?: string;
};

const keptErrorLines = 20;
const binaryName = 'controlplane';

/** The tools of KUBEBUILDER_ASSETS, or those built from the Go module beside this file: once, then from the cache. */
export const ensureBinaries = async (options: BuildOptions = {}): Promise<Binaries> => {
  const { required = tools, env = process.env, source = import.meta.dirname } = options;
  if (env.KUBEBUILDER_ASSETS) return readyMade(resolve(env.KUBEBUILDER_ASSETS), required);
  return binariesIn(await ensureBuilt(source, env));
};

/** The command that shows Kubernetes' own pod arithmetic. KUBEBUILDER_ASSETS names no such tool: Go builds it anyway. */
export const ensurePodDemand = async (options: Omit<BuildOptions, 'required'> = {}): Promise<string[]> => {
  const { env = process.env, source = import.meta.dirname } = options;
  return [join(await ensureBuilt(source, env), binaryName), 'pod-demand'];
};

/** The folder of the binary and of its other names. */
const ensureBuilt = async (source: string, env: NodeJS.ProcessEnv): Promise<string> => {
  const cache = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'gpugate');
  const folder = join(cache, `controlplane-${await fingerprint(source)}`);
  if (!existsSync(folder)) {
    await mkdir(cache, { recursive: true });
    await withBuildLock(`${folder}.lock`, async () => {
      if (!existsSync(folder)) await build(source, folder, env);
    });
  }
  return folder;
};

const binariesIn = (folder: string): Binaries =>
  Object.fromEntries(tools.map((tool) => [tool, join(folder, tool)])) as Binaries;

const readyMade = (folder: string, required: readonly Tool[]): Binaries => {
  const binaries = binariesIn(folder);
  const missing = required.filter((tool) => !existsSync(binaries[tool]));
  if (missing.length === 0) return binaries;
  throw new Error(
    `KUBEBUILDER_ASSETS=${folder} lacks ${missing.join(', ')}. ` +
      'Add what is missing, or unset KUBEBUILDER_ASSETS to have all of it built with Go.',
  );
};

/** Names the build by all that decides its content, so that a changed module never meets an old binary. */
const fingerprint = async (source: string): Promise<string> => {
  const names = (await readdir(source)).filter((name) => name.endsWith('.go') || /^go\.(mod|sum)$/.test(name));
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  for (const name of names.sort()) hash.update(`${name}\n`).update(await readFile(join(source, name)));
  return hash.digest('hex').slice(0, 16);
};

const build = async (source: string, folder: string, env: NodeJS.ProcessEnv): Promise<void> => {
  const staging = await mkdtemp(`${folder}.building-`);
  const disown = onOwnerExit(() => rmSync(staging, { recursive: true, force: true }));
  const progress = startBuildProgress();
  const go = (args: string[], onLine?: (line: string) => void) => runGo(args, source, env, onLine);
  try {
    const flags = await linkerFlags(source);
    progress.expect((await go(['list', '-mod=readonly', '-deps', '.'])).length);
    const output = join(staging, binaryName);
    const args = ['build', '-v', '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', flags, '-o', output, '.'];
    await go(args, progress.step);
    await Promise.all(tools.map((tool) => symlink(binaryName, join(staging, tool))));
    await rename(staging, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error; // else another build came first: its result is as good
  } finally {
    progress.end();
    await rm(staging, { recursive: true, force: true });
    disown();
  }
};

/** Without them the API server calls itself v0.0.0-master. */
const linkerFlags = async (source: string): Promise<string> => {
  const module = await readFile(join(source, 'go.mod'), 'utf8');
  const [, version, major, minor] = /k8s\.io\/kubernetes (v(\d+)\.(\d+)\.\d+)/.exec(module) ?? [];
  if (!version) throw new Error(`${join(source, 'go.mod')} requires no k8s.io/kubernetes`);
  const values = Object.entries({ gitVersion: version, gitMajor: major, gitMinor: minor });
  return ['-s -w', ...values.map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)].join(' ');
};

/** Runs go, gives each line of its stderr to `onLine`, and answers with the lines of its stdout. */
const runGo = (args: string[], cwd: string, env: NodeJS.ProcessEnv, onLine?: (line: string) => void) =>
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
      fail(error.code === 'ENOENT' ? new Error(env.KUBEBUILDER_ASSETS ? noGoForPodDemand : noGo) : error);
    });
    child.on('close', (code) => {
      disown();
      if (code === 0) succeed(output);
      else fail(new Error(`go ${args[0]} failed (Go 1.26 or newer is needed):\n${lastErrors.join('\n')}`));
    });
  });

const noGo =
  'The test control plane is built with Go, and there is no go in PATH. Install Go 1.26 or newer (https://go.dev/dl), ' +
  `or set KUBEBUILDER_ASSETS to a folder that holds ${tools.join(', ')}.`;

const noGoForPodDemand =
  "Kubernetes' own pod arithmetic is built with Go, also where KUBEBUILDER_ASSETS is set, and there is no go in PATH. " +
  'Install Go 1.26 or newer (https://go.dev/dl).';
