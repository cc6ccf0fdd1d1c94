import { isAbsolute, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A place in a file; line and column count from 1. */
export type Place = { readonly file: string; readonly line: number; readonly column: number };

/** The form that editors and terminals turn into links: `pods/train.yaml:12:9`. */
export function formatPlace({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}

/** The names of standard input on the command line and in reports; it is not a file. */
const standardInput: ReadonlySet<string> = new Set(['-', '<stdin>']);

/**
 * The path of a file in the tree that was checked: relative to `directory`, with slashes, or absolute if the file is
 * elsewhere. Undefined for standard input.
 */
export function treePath(file: string, directory: string): string | undefined {
  if (standardInput.has(file)) return undefined;
  const path = relative(directory, resolve(directory, file));
  const isOutside = path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path);
  return (isOutside ? resolve(directory, file) : path).split(sep).join('/');
}

/** RFC 3986: a reference relative to the tree, such as `pods/a%20b.yaml`, or `file:///...`. */
export function fileUri(file: string, directory: string): string | undefined {
  const path = treePath(file, directory);
  if (path === undefined) return undefined;
  if (isAbsolute(path)) return pathToFileURL(path).href;
  // A file name may contain half of a surrogate pair, which `encodeURIComponent` refuses.
  return path.toWellFormed().split('/').map(encodeURIComponent).join('/');
}
