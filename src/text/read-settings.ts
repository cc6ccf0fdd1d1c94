import type { Fault } from './fault.ts';
import { isPlainObject } from '../api/plain-object.ts';
import { parseYaml } from './yaml-document.ts';

/** A file of settings: one flat map. */
export type SettingsFile = {
  readonly values: Readonly<Record<string, unknown>>;
  readonly faults: readonly Fault[];
  /** A fault found after reading, at the place of its key. */
  readonly faultAt: (key: string, message: string) => Fault;
};

/** Reads a YAML file of settings; never throws, and an empty file sets nothing. */
export function readSettings(text: string, file: string): SettingsFile {
  const [document, second] = parseYaml(text);
  const faultAt = (key: string, message: string): Fault => ({
    file,
    ...(document?.locate(key === '' ? [] : [key]) ?? { line: 1, column: 1 }),
    field: key,
    message,
  });
  if (document === undefined) return { values: {}, faults: [], faultAt };
  const faults: Fault[] = document.faults.map((fault) => ({ file, field: '', ...fault }));
  if (document.isReadable && !isPlainObject(document.value)) faults.push(faultAt('', 'must be a map of settings'));
  if (second !== undefined) {
    faults.push({
      file,
      ...second.locate([]),
      field: '',
      message: 'holds one document of settings, and this is another',
    });
  }
  return { values: isPlainObject(document.value) ? document.value : {}, faults, faultAt };
}
