import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ensureGoModule } from './go-module.ts';
import { kubernetesModuleFile, kubernetesVersionIn } from './kubernetes-version.ts';

export const tools = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'] as const;
export type Tool = (typeof tools)[number];
export type Binaries = Record<Tool, string>;

export type BuildOptions = {
  /** The tools that must be there. A folder of setup-envtest has only etcd, kube-apiserver and kubectl. */
  required?: readonly Tool[];
  env?: NodeJS.ProcessEnv;
  /** The folder of the Go module. */
  source?: string;
};

const binaryName = 'controlplane';

/** The tools in KUBEBUILDER_ASSETS, or those that Go builds from the module beside this file, once, and caches. */
export const ensureBinaries = async (options: BuildOptions = {}): Promise<Binaries> => {
  const { required = tools, env = process.env, source = import.meta.dirname } = options;
  if (env.KUBEBUILDER_ASSETS) return readyMade(resolve(env.KUBEBUILDER_ASSETS), required);
  return binariesIn(await ensureBuilt(source, env));
};

/** The command that runs Kubernetes' own pod arithmetic. Go always builds it, because KUBEBUILDER_ASSETS has no such tool. */
export const ensurePodDemand = async (options: Omit<BuildOptions, 'required'> = {}): Promise<string[]> => {
  const { env = process.env, source = import.meta.dirname } = options;
  return [join(await ensureBuilt(source, env), binaryName), 'pod-demand'];
};

/** The folder with the binary and the links to it. */
const ensureBuilt = async (source: string, env: NodeJS.ProcessEnv): Promise<string> => {
  const moduleFile = kubernetesModuleFile(env);
  return ensureGoModule(
    {
      name: binaryName,
      source,
      moduleFile,
      links: tools,
      linkerFlags: async () => linkerFlags(await kubernetesVersionIn(join(source, moduleFile))),
      noGo: env.KUBEBUILDER_ASSETS ? noGoForPodDemand : noGo,
    },
    env,
  );
};

const binariesIn = (folder: string): Binaries =>
  Object.fromEntries(tools.map((tool) => [tool, join(folder, tool)])) as Binaries;

const readyMade = (folder: string, required: readonly Tool[]): Binaries => {
  const binaries = binariesIn(folder);
  const missing = required.filter((tool) => !existsSync(binaries[tool]));
  if (missing.length === 0) return binaries;
  throw new Error(
    `KUBEBUILDER_ASSETS=${folder} lacks ${missing.join(', ')}. ` +
      'Add what is missing, or unset KUBEBUILDER_ASSETS to have all of them built with Go.',
  );
};

/** Without these flags the API server calls itself v0.0.0-master. */
const linkerFlags = (version: string): string => {
  const [gitMajor, gitMinor] = version.slice(1).split('.');
  const values = Object.entries({ gitVersion: version, gitMajor, gitMinor });
  return ['-s -w', ...values.map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)].join(' ');
};

const noGo =
  'The test control plane is built with Go, and there is no go in PATH. Install Go 1.26 or newer (https://go.dev/dl), ' +
  `or set KUBEBUILDER_ASSETS to a folder that holds ${tools.join(', ')}.`;

const noGoForPodDemand =
  "Kubernetes' own pod arithmetic is built with Go, even if KUBEBUILDER_ASSETS is set, and there is no go in PATH. " +
  'Install Go 1.26 or newer (https://go.dev/dl).';
