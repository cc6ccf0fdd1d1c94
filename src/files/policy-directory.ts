import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { explainFileError } from '../text/explain-file-error.ts';

/** The files that a path of the configuration stands for, or why there are none. */
export type Listing =
  | { readonly kind: 'files'; readonly files: readonly string[] }
  | { readonly kind: 'unlisted'; readonly message: string };

const policyFile = /\.(ya?ml|json)$/i;

/**
 * A file stands for itself; a directory for its policy files in order of their names, without those of directories
 * below it. Names with a dot in front are left out: editors' drafts, and `..data` and `..2026_01_02_03_04_05.678` of
 * a mounted ConfigMap, whose files the links beside them name once more.
 */
export async function listPolicyFiles(path: string): Promise<Listing> {
  try {
    if (!(await stat(path)).isDirectory()) return { kind: 'files', files: [path] };
    const names = (await readdir(path)).filter((name) => policyFile.test(name) && !name.startsWith('.'));
    if (names.length > 0) return { kind: 'files', files: names.sort().map((name) => join(path, name)) };
    return {
      kind: 'unlisted',
      message: 'holds no policies; put WorkloadPolicy objects there, in files named *.yaml, *.yml or *.json',
    };
  } catch (error) {
    return { kind: 'unlisted', message: `${explainFileError(error)}; name a file or a directory with policies` };
  }
}
