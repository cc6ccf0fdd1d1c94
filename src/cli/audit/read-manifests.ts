import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { explainFileError } from '../../text/explain-file-error.ts';
import { formatProblem } from '../../text/problem.ts';
import { messageOf } from '../../text/message-of.ts';
import { isPlainObject, type PlainObject } from '../../api/plain-object.ts';
import { JsonListDecoder } from '../../cluster/watch/json-decoder.ts';
import { InputError } from '../input-error.ts';
import { readManifestText } from '../judge/manifest-text.ts';
import type { Place } from '../report/report.ts';

/** One object of a file, out of its list if it stands in one. */
export type ManifestObject = {
  readonly object: PlainObject;
  readonly file: string;
  /** Unknown in large JSON files, which are read item by item. Worked out when it is asked for. */
  readonly place?: () => Place;
};

/** Takes some thirty times its size in memory while it is read. */
const maxYamlBytes = 32 * 1024 * 1024;
/** Smaller files of JSON are read whole, so that what is wrong with them has its place. */
const streamedFromBytes = 1024 * 1024;

const manifestFile = /\.(ya?ml|json)$/i;

/** The files that paths stand for: of directories, what lies in them. Throws InputError. */
export async function listManifests(paths: readonly string[]): Promise<readonly string[]> {
  const files: string[] = [];
  for (const path of paths) {
    try {
      const found = await stat(path);
      if (!found.isDirectory()) {
        // Such as the pipe of `--manifests <(kubectl get ...)`, which would be empty the second time.
        if (!found.isFile()) throw new InputError(`${path}: is no regular file; write one, since it is read twice`);
        files.push(path);
        continue;
      }
      const names = (await readdir(path)).filter((name) => manifestFile.test(name) && !name.startsWith('.')).sort();
      if (names.length === 0) throw new InputError(`${path}: holds no files named *.yaml, *.yml or *.json`);
      files.push(...names.map((name) => join(path, name)));
    } catch (error) {
      if (error instanceof InputError) throw error;
      throw new InputError(`${path}: ${explainFileError(error)}; name files that kubectl get -o yaml or -o json wrote`);
    }
  }
  return files;
}

/** The objects of a file in pages. Throws InputError, with the place where it can be told. */
export async function* readManifests(file: string): AsyncGenerator<readonly ManifestObject[]> {
  const handle = await open(file).catch((error: unknown) => {
    throw new InputError(`${file}: ${explainFileError(error)}`);
  });
  try {
    const { size } = await handle.stat();
    // As a kubectl leaves it that failed; a cluster without pods is a list without items.
    if (size === 0) throw new InputError(`${file}: is empty; a list of kubectl never is, even without items`);
    const { buffer } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    const isJson = buffer.toString('utf8').trimStart().startsWith('{');
    const pieces = handle.createReadStream({ start: 0, autoClose: false }) as AsyncIterable<Buffer>;
    if (isJson && size >= streamedFromBytes) yield* streamJson(file, pieces);
    else if (size > maxYamlBytes) {
      const mebibytes = (size / 1024 / 1024).toFixed(0);
      throw new InputError(
        `${file}: has ${mebibytes} MiB of YAML, over the limit of ${maxYamlBytes / 1024 / 1024} MiB. Write JSON, which may have any size: kubectl get ... -o json`,
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
    throw new InputError(`${file}: is no JSON list of objects, as kubectl get -o json writes one: ${error.message}`);
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
