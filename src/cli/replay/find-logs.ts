import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { explainFileError } from '../../text/explain-file-error.ts';
import { messageOf } from '../../text/message-of.ts';
import { recordFileEnd } from '../../record/record-files.ts';
import { InputError } from '../input-error.ts';

export type Logs = { readonly files: readonly string[]; readonly bytes: number };

/** The files that are named, and those of the directories that are; each once. Throws InputError with every problem. */
export async function findLogs(paths: readonly string[]): Promise<Logs> {
  const files = new Map<string, { readonly file: string; readonly bytes: number }>();
  const problems: string[] = [];
  for (const path of paths) {
    try {
      for (const file of await filesOf(path)) files.set(resolve(file), { file, bytes: (await stat(file)).size });
    } catch (error) {
      problems.push(error instanceof InputError ? messageOf(error) : `${path} ${explainFileError(error)}`);
    }
  }
  if (problems.length > 0) throw new InputError(problems.join('\n'));
  const found = [...files.values()];
  return { files: found.map(({ file }) => file), bytes: found.reduce((sum, { bytes }) => sum + bytes, 0) };
}

async function filesOf(path: string): Promise<readonly string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => name.endsWith(recordFileEnd)).sort();
  if (names.length === 0) {
    throw new InputError(
      `${path} holds no *${recordFileEnd}; name a directory that \`gpugate serve --record\` writes to`,
    );
  }
  return names.map((name) => join(path, name));
}
