import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { explainFileError, InputError } from '../../text/errors.ts';
import { formatProblem } from '../../text/problem.ts';
import type { PlainObject } from '../../api/plain-object.ts';
import type { Place } from '../report/place.ts';
import { readManifestText } from './manifest-text.ts';

/** One object of a manifest. */
export type ManifestObject = {
  readonly value: PlainObject;
  readonly place: Place;
  /** The place of a field such as `spec.containers[0].image`, or of its nearest ancestor. */
  readonly locate: (field: string) => Place;
};

export type Told = { readonly place: Place; readonly message: string };

export type Manifests = {
  readonly objects: readonly ManifestObject[];
  /** What cannot be read: broken YAML, documents that are not objects. */
  readonly problems: readonly Told[];
  /** What the cluster reads differently from how it looks. */
  readonly remarks: readonly Told[];
};

export type ReadObjectsOptions = {
  readonly stdin?: AsyncIterable<Uint8Array | string>;
  readonly maxBytes?: number;
};

/**
 * Eight times the 4 MB of ten thousand pods. A single object has 3 MB at most, the API server's limit for a request.
 * YAML takes about thirty times its size in memory while it is read.
 */
const maxManifestBytes = 32 * 1024 * 1024;

/** The files that kubectl reads in a directory. */
const manifestFile = /\.(ya?ml|json)$/;

/** Node reads four at a time; more are asked for at once so that it never waits for the event loop. */
const filesAtOnce = 16;

/** The path that means standard input. */
const standardInput = '-';

/**
 * The objects of files, of directories and everything below them (sorted by name), and of standard input (`-`). Throws
 * InputError for paths that cannot be read.
 */
export async function readObjects(paths: readonly string[], options: ReadObjectsOptions = {}): Promise<Manifests> {
  const { stdin = process.stdin, maxBytes = maxManifestBytes } = options;
  const problems: string[] = [];
  const files: string[] = [];
  for (const path of paths) {
    try {
      files.push(...(await listFiles(path)));
    } catch (error) {
      problems.push(`${path}: ${error instanceof InputError ? error.message : explainFileError(error)}`);
    }
  }
  const manifests = { objects: [] as ManifestObject[], problems: [] as Told[], remarks: [] as Told[] };
  for (let start = 0; start < files.length; start += filesAtOnce) {
    const batch = files.slice(start, start + filesAtOnce);
    const looks = await Promise.all(batch.map(async (file) => look(file, stdin, maxBytes)));
    for (const { file, text, problem } of looks) {
      if (problem === undefined) addTo(manifests, file === standardInput ? '<stdin>' : file, text);
      else problems.push(`${file}: ${problem}`);
    }
  }
  if (problems.length > 0) throw new InputError(problems.join('\n'));
  return manifests;
}

type Look = { readonly file: string; readonly text: string; readonly problem?: string };

async function look(file: string, stdin: AsyncIterable<Uint8Array | string>, maxBytes: number): Promise<Look> {
  try {
    return { file, text: await readText(file, stdin, maxBytes) };
  } catch (error) {
    return { file, text: '', problem: explain(error) };
  }
}

function explain(error: unknown): string {
  if (error instanceof InputError) return error.message;
  return error instanceof TypeError ? 'is not UTF-8 text' : explainFileError(error);
}

async function listFiles(path: string): Promise<readonly string[]> {
  if (path === standardInput || !(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => manifestFile.test(entry.name) && !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  if (files.length === 0)
    throw new InputError('contains no manifests: there are no files named *.yaml, *.yml or *.json');
  return files;
}

async function readText(file: string, stdin: AsyncIterable<Uint8Array | string>, maxBytes: number): Promise<string> {
  const bytes = file === standardInput ? await readBounded(stdin, maxBytes) : await readFileBounded(file, maxBytes);
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

async function readFileBounded(file: string, maxBytes: number): Promise<Uint8Array> {
  const found = await stat(file);
  // For example the pipe of `gpugate check <(helm template .)`.
  if (!found.isFile()) return readBounded(createReadStream(file), maxBytes);
  if (found.size > maxBytes) throw tooLarge(maxBytes, found.size);
  return readFile(file);
}

async function readBounded(stream: AsyncIterable<Uint8Array | string>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    const part = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    bytes += part.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(part);
  }
  return Buffer.concat(chunks);
}

function tooLarge(maxBytes: number, bytes?: number): InputError {
  const mebibytes = (amount: number) => `${(amount / 1024 / 1024).toFixed(amount < 1024 * 1024 ? 3 : 0)} MiB`;
  const size = bytes === undefined ? 'is larger' : `has ${mebibytes(bytes)}, which is more`;
  return new InputError(`${size} than ${mebibytes(maxBytes)}; split it into several files`);
}

function addTo(
  into: { readonly objects: ManifestObject[]; readonly problems: Told[]; readonly remarks: Told[] },
  file: string,
  text: string,
): void {
  const read = readManifestText(text);
  const told = ({ line, column, message }: { line: number; column: number; message: string }): Told => ({
    place: { file, line, column },
    message,
  });
  for (const problem of read.problems) into.problems.push(told(problem));
  for (const remark of read.remarks) into.remarks.push(told(remark));
  for (const { value, locate } of read.objects) {
    const placeOf = (field: string): Place => ({ file, ...locate(field) });
    into.objects.push({
      value,
      get place() {
        return placeOf('');
      },
      locate: placeOf,
    });
  }
}

/** `file:line:column message`, like the problems of policies. */
export function formatTold({ place, message }: Told): string {
  return formatProblem({ ...place, field: '', message });
}
