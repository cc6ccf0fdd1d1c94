import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { explainFileError } from '../../text/explain-file-error.ts';
import { formatProblem } from '../../text/problem.ts';
import type { PlainObject } from '../../api/plain-object.ts';
import { InputError } from '../input-error.ts';
import type { Place } from '../report/report.ts';
import { readManifestText } from './manifest-text.ts';

/** One object of a manifest. */
export type ManifestObject = {
  readonly value: PlainObject;
  readonly place: Place;
  /** Where a field such as `spec.containers[0].image` stands, or its nearest ancestor that is there. */
  readonly locate: (field: string) => Place;
};

export type Told = { readonly place: Place; readonly message: string };

export type Manifests = {
  readonly objects: readonly ManifestObject[];
  /** What cannot be read: broken YAML, documents that are no objects. */
  readonly problems: readonly Told[];
  /** What the cluster takes for something else than it looks like. */
  readonly remarks: readonly Told[];
};

export type ReadObjectsOptions = {
  readonly stdin?: AsyncIterable<Uint8Array | string>;
  readonly maxBytes?: number;
};

/**
 * The API server takes 3 MB a request, so that this is no object but a bundle: of ten thousand pods it has 4 MB. Eight
 * times that, for good measure; YAML takes some thirty times its size in memory while it is read.
 */
const maxManifestBytes = 32 * 1024 * 1024;

/** As kubectl takes from a directory. */
const manifestFile = /\.(ya?ml|json)$/;

/** Node reads four at a time; the others wait in line rather than for a turn of the event loop each. */
const filesAtOnce = 16;

/** What stands for standard input. */
const standardInput = '-';

/**
 * The objects of files, of directories with all below them in order of their names, and of standard input (`-`). Throws
 * InputError for paths that cannot be read at all.
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
  if (files.length === 0) throw new InputError('holds no manifests: no files named *.yaml, *.yml or *.json');
  return files;
}

async function readText(file: string, stdin: AsyncIterable<Uint8Array | string>, maxBytes: number): Promise<string> {
  const bytes = file === standardInput ? await readBounded(stdin, maxBytes) : await readFileBounded(file, maxBytes);
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

async function readFileBounded(file: string, maxBytes: number): Promise<Uint8Array> {
  const found = await stat(file);
  // Such as the pipe of `gpugate check <(helm template .)`.
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
  const size = bytes === undefined ? 'has more' : `has ${mebibytes(bytes)}, more`;
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

/** `file:line:column message`, as the problems of policies are told. */
export function formatTold({ place, message }: Told): string {
  return formatProblem({ ...place, field: '', message });
}
