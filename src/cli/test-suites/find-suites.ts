import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { explainFileError } from '../../text/explain-file-error.ts';
import type { Problem } from '../../text/problem.ts';
import { TextFile } from '../../files/text-file.ts';

export type SuiteFile = { readonly file: string; readonly text: string };

/** A suite of 10,000 cases with objects of their own is some 5 MB. */
export const maxSuiteBytes = 16 * 1024 * 1024;

const yamlFile = /\.(ya?ml|json)$/i;

/** Of a directory only such files are suites: objects and policies that they use may stand beside them. */
const suiteKind = /(?:^|[{,])\s*["']?kind["']?\s*:\s*["']?PolicyTest/m;

/**
 * The suites of files and directories, with those of directories below; names that begin with a dot, and
 * `node_modules`, are left out.
 */
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
        const read = await readText(file, maxSuiteBytes);
        if ('message' in read) problems.push(problemOf(file, read.message));
        else if (!isDirectory || suiteKind.test(read.text)) files.set(file, { file, text: read.text });
      }
      if (isDirectory && files.size === before && !candidates.some((file) => files.has(file))) {
        problems.push(
          problemOf(path, 'holds no suites; put PolicyTest objects there, in files named *.yaml, *.yml or *.json'),
        );
      }
    } catch (error) {
      problems.push(problemOf(path, `${explainFileError(error)}; name a file or a directory with suites`));
    }
  }
  return { files: [...files.values()], problems };
}

/** Throws what `readdir` throws. */
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

/** The text of a file, or why there is none: the rest of a sentence that begins with its path. */
export async function readText(
  file: string,
  maxBytes: number,
): Promise<{ readonly text: string } | { readonly message: string }> {
  const look = await new TextFile(file, { maxBytes, now: Date.now }).look();
  if (look.kind === 'text') return { text: look.text };
  return { message: look.kind === 'unreadable' ? look.message : 'cannot be read' };
}

export function problemOf(file: string, message: string): Problem {
  return { file, line: 1, column: 1, field: '', message };
}
