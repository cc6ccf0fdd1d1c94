import type { Problem } from './problem.ts';
import { isPlainObject } from '../api/plain-object.ts';
import { parseYaml } from './yaml-document.ts';

/** A file of settings: one flat map. */
export type SettingsFile = {
  readonly values: Readonly<Record<string, unknown>>;
  readonly problems: readonly Problem[];
  /** A problem that is found after reading, at the place of its key. */
  readonly problemAt: (key: string, message: string) => Problem;
};

/** Reads a YAML file of settings. Never throws. An empty file sets nothing. */
export function readSettings(text: string, file: string): SettingsFile {
  const [document, second] = parseYaml(text);
  const problemAt = (key: string, message: string): Problem => ({
    file,
    ...(document?.locate(key === '' ? [] : [key]) ?? { line: 1, column: 1 }),
    field: key,
    message,
  });
  if (document === undefined) return { values: {}, problems: [], problemAt };
  const problems: Problem[] = document.problems.map((problem) => ({ file, field: '', ...problem }));
  if (document.isReadable && !isPlainObject(document.value)) problems.push(problemAt('', 'must be a map of settings'));
  if (second !== undefined) {
    problems.push({
      file,
      ...second.locate([]),
      field: '',
      message: 'must be the only document of settings in the file',
    });
  }
  return { values: isPlainObject(document.value) ? document.value : {}, problems, problemAt };
}
