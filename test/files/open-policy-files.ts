import { formatProblem } from '../../src/text/problem.ts';
import { PolicyFiles, type PolicyFilesOptions } from '../../src/files/policy-files.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** Five lines; the vram, when there is one, stands in the last. */
export const policy = (name: string, vram = '8000M') =>
  `apiVersion: gpugate.dev/v1alpha1\nkind: WorkloadPolicy\nmetadata: { name: ${name} }\nspec:\n  mps: { vram: ${vram} }\n`;

export function policyFiles(options: Partial<PolicyFilesOptions> = {}) {
  const directory = temporaryDirectory();
  const files = new PolicyFiles({ paths: [directory.path], ...options });
  /** Until a change has settled: in force as name=vram, and problems without the directory. */
  const reload = async () => {
    const first = await files.reload();
    const { policies, problems, kept, changed } = first.changed ? first : await files.reload();
    return {
      policies: policies.map(({ metadata, spec }) => `${metadata.name}=${spec.mps?.vram ?? ''}`),
      problems: problems.map((problem) =>
        formatProblem(problem).replaceAll(`${directory.path}/`, '').replace(directory.path, 'DIR'),
      ),
      kept,
      changed,
    };
  };
  return { ...directory, files, reload };
}
