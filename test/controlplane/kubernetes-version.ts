import { readFile } from 'node:fs/promises';

/** `TEST_KUBERNETES=1.36 npm test`. Not GPUGATE_..., because `serve` refuses unknown variables of that name. */
export const kubernetesVariable = 'TEST_KUBERNETES';

/** The module file of each version that can be built, the default first. All versions share the Go sources. */
const moduleFiles: Readonly<Record<string, string>> = { '1.37': 'go.mod', '1.36': 'kubernetes-1.36.mod' };

/** The module file that requires the Kubernetes version that the environment asks for. */
export const kubernetesModuleFile = (env: NodeJS.ProcessEnv): string => {
  const versions = Object.keys(moduleFiles);
  const wanted = env[kubernetesVariable] || versions[0] || '';
  const file = Object.hasOwn(moduleFiles, wanted) ? moduleFiles[wanted] : undefined;
  if (file !== undefined) return file;
  throw new Error(
    `${kubernetesVariable}=${wanted}: the test control plane can be Kubernetes ${versions.join(' or ')}.`,
  );
};

/** The full version that a module file requires, such as v1.37.2. */
export const kubernetesVersionIn = async (moduleFile: string): Promise<string> => {
  const [, version] = /k8s\.io\/kubernetes (v\d+\.\d+\.\d+)/.exec(await readFile(moduleFile, 'utf8')) ?? [];
  if (version === undefined) throw new Error(`${moduleFile} does not require k8s.io/kubernetes`);
  return version;
};
