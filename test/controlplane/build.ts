import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ensureGoModule } from './go-module.ts';

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
const ensureBuilt = (source: string, env: NodeJS.ProcessEnv): Promise<string> =>
  ensureGoModule(
    {
      name: binaryName,
      source,
      links: tools,
      linkerFlags: () => linkerFlags(source),
      noGo: env.KUBEBUILDER_ASSETS ? noGoForPodDemand : noGo,
    },
    env,
  );

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

/** Without them the API server calls itself v0.0.0-master. */
const linkerFlags = async (source: string): Promise<string> => {
  const module = await readFile(join(source, 'go.mod'), 'utf8');
  const [, version, major, minor] = /k8s\.io\/kubernetes (v(\d+)\.(\d+)\.\d+)/.exec(module) ?? [];
  if (!version) throw new Error(`${join(source, 'go.mod')} requires no k8s.io/kubernetes`);
  const values = Object.entries({ gitVersion: version, gitMajor: major, gitMinor: minor });
  return ['-s -w', ...values.map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)].join(' ');
};

const noGo =
  'The test control plane is built with Go, and there is no go in PATH. Install Go 1.26 or newer (https://go.dev/dl), ' +
  `or set KUBEBUILDER_ASSETS to a folder that holds ${tools.join(', ')}.`;

const noGoForPodDemand =
  "Kubernetes' own pod arithmetic is built with Go, also where KUBEBUILDER_ASSETS is set, and there is no go in PATH. " +
  'Install Go 1.26 or newer (https://go.dev/dl).';
