import { isAbsolute, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

/** As the input is named that comes from a pipe, on the command line and in reports: no file. */
const standardInput: ReadonlySet<string> = new Set(['-', '<stdin>']);

/**
 * The path that others look up in the tree that was checked: relative to `directory` and with slashes, or absolute where
 * it is elsewhere. Undefined for what is in no file.
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
  // `well` keeps a lone half of a surrogate pair, which a file name may hold, from being an error.
  return path.toWellFormed().split('/').map(encodeURIComponent).join('/');
}
