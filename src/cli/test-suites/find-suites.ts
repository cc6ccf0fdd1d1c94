import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { explainFileError } from '../../text/errors.ts';
import { fileProblem, type Problem } from '../../text/problem.ts';
import { readTextFile } from '../../files/text-file.ts';

export type SuiteFile = { readonly file: string; readonly text: string };

/** A suite of 10,000 cases with their own objects has about 5 MB. */
const maxSuiteBytes = 16 * 1024 * 1024;

const yamlFile = /\.(ya?ml|json)$/i;

/** Only files with this kind are suites; a directory may also contain the objects and policies that they use. */
const suiteKind = /(?:^|[{,])\s*["']?kind["']?\s*:\s*["']?PolicyTest/m;

/** The suites of files, and of directories and everything below them except `node_modules` and names with a dot first. */
export async function findSuites(
  paths: readonly string[],
): Promise<{ readonly files: readonly SuiteFile[]; readonly problems: readonly Problem[] }> {
  const files = new Map<string, SuiteFile>();
  const problems: Problem[] = [];
  for (const path of paths) {
    try {
      const isDirectory = (await stat(path)).isDirectory();
      const candidates = isDirectory ? await listFiles(path) : [path];
      const before = files.size;
      for (const file of candidates) {
        const read = await readTextFile(file, { maxBytes: maxSuiteBytes });
        if (read.kind === 'unreadable') problems.push(fileProblem(file, read.message));
        else if (!isDirectory || suiteKind.test(read.text)) files.set(file, { file, text: read.text });
      }
      if (isDirectory && files.size === before && !candidates.some((file) => files.has(file))) {
        problems.push(
          fileProblem(path, 'contains no suites: no PolicyTest objects in files named *.yaml, *.yml or *.json'),
        );
      }
    } catch (error) {
      problems.push(fileProblem(path, `${explainFileError(error)}; name a file or a directory with suites`));
    }
  }
  return { files: [...files.values()], problems };
}

async function listFiles(directory: string): Promise<readonly string[]> {
  const entries = (await readdir(directory, { withFileTypes: true }))
    .filter(({ name }) => !name.startsWith('.') && name !== 'node_modules')
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const files: string[] = [];
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) files.push(...(await listFiles(path)));
    else if (yamlFile.test(entry.name)) files.push(path);
  }
  return files;
}
