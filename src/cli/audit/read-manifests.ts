import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { explainFileError, InputError, messageOf } from '../../text/errors.ts';
import { formatProblem } from '../../text/problem.ts';
import { isPlainObject, type PlainObject } from '../../api/plain-object.ts';
import { JsonListDecoder } from '../../cluster/watch/json-decoder.ts';
import { readManifestText } from '../input/manifest-text.ts';
import type { Place } from '../report/place.ts';

/** One object of a file, or one item of a list in it. */
export type ManifestObject = {
  readonly object: PlainObject;
  readonly file: string;
  /** Found on demand. Unknown in large JSON files, which are read item by item. */
  readonly place?: () => Place;
};

/** YAML takes about thirty times its size in memory while it is read. */
const maxYamlBytes = 32 * 1024 * 1024;
/** Smaller JSON files are read whole, so that problems have a place. */
const streamedFromBytes = 1024 * 1024;

const manifestFile = /\.(ya?ml|json)$/i;

/** The given files, and the files of the given directories. Throws InputError. */
export async function listManifests(paths: readonly string[]): Promise<readonly string[]> {
  const files: string[] = [];
  for (const path of paths) {
    try {
      const found = await stat(path);
      if (!found.isDirectory()) {
        // For example the pipe of `--manifests <(kubectl get ...)`, which would be empty the second time.
        if (!found.isFile())
          throw new InputError(`${path}: is not a regular file; write one, because it is read twice`);
        files.push(path);
        continue;
      }
      const names = (await readdir(path)).filter((name) => manifestFile.test(name) && !name.startsWith('.')).sort();
      if (names.length === 0) throw new InputError(`${path}: contains no files named *.yaml, *.yml or *.json`);
      files.push(...names.map((name) => join(path, name)));
    } catch (error) {
      if (error instanceof InputError) throw error;
      throw new InputError(`${path}: ${explainFileError(error)}; name files that kubectl get -o yaml or -o json wrote`);
    }
  }
  return files;
}

/** The objects of a file in pages. Throws InputError, with the place if it is known. */
export async function* readManifests(file: string): AsyncGenerator<readonly ManifestObject[]> {
  const handle = await open(file).catch((error: unknown) => {
    throw new InputError(`${file}: ${explainFileError(error)}`);
  });
  try {
    const { size } = await handle.stat();
    // A kubectl that failed leaves an empty file; a cluster without pods would be a list without items.
    if (size === 0) throw new InputError(`${file}: is empty; kubectl writes a list even if there are no objects`);
    const { buffer } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    const isJson = buffer.toString('utf8').trimStart().startsWith('{');
    const pieces = handle.createReadStream({ start: 0, autoClose: false }) as AsyncIterable<Buffer>;
    if (isJson && size >= streamedFromBytes) yield* streamJson(file, pieces);
    else if (size > maxYamlBytes) {
      const mebibytes = (size / 1024 / 1024).toFixed(0);
      throw new InputError(
        `${file}: has ${mebibytes} MiB of YAML, and the limit is ${maxYamlBytes / 1024 / 1024} MiB. JSON may have any size: kubectl get ... -o json`,
      );
    } else yield readText(file, await textOf(file, pieces));
  } finally {
    await handle.close();
  }
}

async function* streamJson(file: string, pieces: AsyncIterable<Buffer>): AsyncGenerator<readonly ManifestObject[]> {
  const decoder = new JsonListDecoder();
  try {
    let isList = false;
    for await (const piece of pieces) {
      const items = [...decoder.decode(piece)];
      isList ||= items.length > 0;
      if (items.length > 0) yield items.map((object) => ({ object, file }));
    }
    const rest: unknown = decoder.end();
    if (isPlainObject(rest) && !isList && !Array.isArray(rest['items'])) yield [{ object: rest, file }];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InputError(`${file}: is not a JSON list of objects like that of kubectl get -o json: ${error.message}`);
  }
}

function readText(file: string, text: string): readonly ManifestObject[] {
  const { objects, problems } = readManifestText(text);
  if (problems.length > 0)
    throw new InputError(problems.map((problem) => formatProblem({ file, field: '', ...problem })).join('\n'));
  return objects.map(({ value, locate }) => ({
    object: value,
    file,
    place: () => ({ file, ...locate('') }),
  }));
}

async function textOf(file: string, pieces: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const piece of pieces) parts.push(piece);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts));
  } catch (error) {
    throw new InputError(`${file}: is not UTF-8 text (${messageOf(error)})`);
  }
}
