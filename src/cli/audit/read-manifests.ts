import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { explainFileError } from '../../api/explain-file-error.ts';
import { formatFault } from '../../api/fault.ts';
import { messageOf } from '../../api/message-of.ts';
import { isPlainObject, type PlainObject } from '../../api/plain-object.ts';
import { parseYaml } from '../../api/yaml-document.ts';
import { JsonListDecoder } from '../../cluster/json-list.ts';
import { InputError } from '../input-error.ts';
import type { Place } from '../report/report.ts';

/** One object of a file, out of its list if it stands in one. */
export type ManifestObject = {
  readonly object: PlainObject;
  readonly file: string;
  /** Unknown in large JSON files, which are read item by item. */
  readonly place?: Place;
};

/** Read with the place of every key, at 4 MB a second, and held whole while it is. */
const maxYamlBytes = 32 * 1024 * 1024;
/** Smaller files of JSON are read like YAML, so that what is wrong with them has its place. */
const streamedFromBytes = 1024 * 1024;

const manifestFile = /\.(ya?ml|json)$/i;

/** The files that paths stand for: of directories, what lies in them. Throws InputError. */
export async function listManifests(paths: readonly string[]): Promise<readonly string[]> {
  const files: string[] = [];
  for (const path of paths) {
    try {
      if (!(await stat(path)).isDirectory()) {
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
    const { buffer } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    const isJson = buffer.toString('utf8').trimStart().startsWith('{');
    const pieces = handle.createReadStream({ start: 0, autoClose: false }) as AsyncIterable<Buffer>;
    if (isJson && size >= streamedFromBytes) yield* streamJson(file, pieces);
    else if (size > maxYamlBytes) {
      const mebibytes = (size / 1024 / 1024).toFixed(0);
      throw new InputError(
        `${file}: has ${mebibytes} MiB of YAML, over the limit of ${maxYamlBytes / 1024 / 1024} MiB. Write JSON, which may have any size: kubectl get ... -o json`,
      );
    } else yield readYamlText(file, await textOf(file, pieces));
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
    if (isPlainObject(rest) && !isList && !isListKind(rest)) yield [{ object: rest, file }];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InputError(`${file}: is no JSON list of objects, as kubectl get -o json writes one: ${error.message}`);
  }
}

function readYamlText(file: string, text: string): readonly ManifestObject[] {
  return parseYaml(text).flatMap(({ value, faults, locate }) => {
    if (faults.length > 0) {
      throw new InputError(faults.map((fault) => formatFault({ file, field: '', ...fault })).join('\n'));
    }
    const itemOf = (object: unknown, path: readonly PropertyKey[]): ManifestObject => {
      const place = { file, ...locate(path) };
      if (isPlainObject(object)) return { object, file, place };
      throw new InputError(formatFault({ ...place, field: '', message: 'must be an object of Kubernetes' }));
    };
    if (!isPlainObject(value) || !isListKind(value)) return [itemOf(value, [])];
    // Items of a typed list, as the API server sends one, leave out what the list says.
    const { apiVersion, kind } = value;
    const typeMeta = kind === 'List' ? {} : { apiVersion, kind: String(kind).replace(/List$/, '') };
    return value['items'].map((item: unknown, index) =>
      itemOf(isPlainObject(item) ? { ...typeMeta, ...item } : item, ['items', index]),
    );
  });
}

function isListKind(value: PlainObject): value is PlainObject & { readonly items: readonly unknown[] } {
  return typeof value['kind'] === 'string' && value['kind'].endsWith('List') && Array.isArray(value['items']);
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
