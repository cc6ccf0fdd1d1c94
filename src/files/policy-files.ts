import { fileProblem, formatProblem, type Problem } from '../text/problem.ts';
import { readYaml } from '../text/read-yaml.ts';
import { type WorkloadPolicy, workloadPolicy } from '../api/workload-policy.ts';
import { mergePolicies, type PolicyInForce, type PolicyReading, type VerifyPolicy } from './merge-policies.ts';
import { createQueue, TextFile } from './text-file.ts';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { explainFileError } from '../text/errors.ts';

/** What etcd takes of one object by default (1.5 MiB), rounded down: a policy is some kilobytes. */
export const maxPolicyFileBytes = 1024 * 1024;

export type PolicyState = {
  /** In force: sorted by name, each in its newest good version. */
  readonly policies: readonly WorkloadPolicy[];
  /** Everything that is wrong with the files at present, not only what is new. */
  readonly problems: readonly Problem[];
  /** Names of the policies of which an older version is in force, because the newest has problems. */
  readonly kept: readonly string[];
  /** Whether policies or problems are others than the last time. */
  readonly changed: boolean;
};

export type PolicyFilesOptions = {
  /** Files and directories. */
  readonly paths: readonly string[];
  /** Finds what the schema cannot, such as a pattern that does not compile; called once for each new version. */
  readonly verify?: VerifyPolicy;
  readonly now?: () => number;
};

type OpenFile = {
  readonly source: TextFile;
  /** Undefined for a new file that may be half written. */
  readonly reading: PolicyReading | undefined;
};

function readPolicies(file: string, text: string): PolicyReading {
  const { objects, problems } = readYaml(text, { file, schemas: [workloadPolicy] });
  // Editors and `kubectl cp` empty a file before they fill it: that must not look like the removal of its policies.
  const isEmpty = objects.length === 0 && problems.length === 0;
  const problemsOrEmpty = isEmpty ? [fileProblem(file, 'is empty; remove the file to remove its policies')] : problems;
  return { file, objects, problems: problemsOrEmpty };
}

function byPlace(a: Problem, b: Problem): number {
  return a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column;
}

/** Identity will do for policies: an unchanged file keeps its objects. Problems are made anew each time. */
function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/** The policies of files and directories, each in its newest good version, however often and badly the files change. */
export class PolicyFiles {
  readonly #options: Required<PolicyFilesOptions>;
  /** By configured path, as listed when that last succeeded. */
  readonly #listed = new Map<string, readonly string[]>();
  #open = new Map<string, OpenFile>();
  #inForce: ReadonlyMap<string, PolicyInForce> = new Map();
  #state: PolicyState | undefined;
  /** At the start no older version could stay in force, so the first text counts at once. */
  #isStart = true;
  readonly #queue = createQueue();

  constructor({ paths, verify = () => undefined, now = Date.now }: PolicyFilesOptions) {
    this.#options = { paths, verify, now };
  }

  /** Whenever files may have changed: costs a `readdir` and one `stat` a file when they have not. Never throws for what they hold. */
  reload(): Promise<PolicyState> {
    return this.#queue(() => this.#refresh());
  }

  async #refresh(): Promise<PolicyState> {
    const { readings, problems } = await this.#readAll();
    this.#isStart = false;
    // A new file may be an old one under another name, whose policies must not be out of force until it has settled.
    if (readings === undefined && this.#state !== undefined) return (this.#state = { ...this.#state, changed: false });
    const merged = mergePolicies(this.#inForce, readings ?? [], this.#options.verify);
    this.#inForce = merged.inForce;
    const next: Omit<PolicyState, 'changed'> = {
      policies: [...merged.inForce.values()]
        .map(({ policy }) => policy)
        .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)),
      problems: [...problems, ...merged.problems].sort(byPlace),
      kept: merged.kept,
    };
    const last = this.#state;
    const changed =
      last === undefined ||
      !isSame(last.policies, next.policies) ||
      !isSame(last.problems.map(formatProblem), next.problems.map(formatProblem));
    this.#state = changed ? { ...next, changed } : { ...last, changed };
    return this.#state;
  }

  async #readAll(): Promise<{ readings: readonly PolicyReading[] | undefined; problems: readonly Problem[] }> {
    const open = new Map<string, OpenFile>();
    const unlisted: PolicyReading[] = [];
    const problems: Problem[] = [];
    for (const path of this.#options.paths) {
      const listing = await listPolicyFiles(path);
      if (listing.kind === 'files') {
        this.#listed.set(path, listing.files);
        for (const file of listing.files)
          open.set(file, await this.#look(file, open.get(file) ?? this.#open.get(file)));
        continue;
      }
      // What was there stays in force: a volume that is not mounted yet must not look like the removal of every policy.
      problems.push(fileProblem(path, listing.message));
      for (const file of this.#listed.get(path) ?? []) unlisted.push({ file, objects: [], problems: [] });
    }
    this.#open = open;
    const readings = Array.from(open.values(), ({ reading }) => reading);
    const isSettled = readings.every((reading) => reading !== undefined);
    return { readings: isSettled ? [...readings, ...unlisted] : undefined, problems };
  }

  async #look(file: string, last: OpenFile | undefined): Promise<OpenFile> {
    const settles = this.#isStart ? 'after the first look' : 'always';
    const options = { maxBytes: maxPolicyFileBytes, now: this.#options.now, settles } as const;
    const source = last?.source ?? new TextFile(file, options);
    const look = await source.look();
    if (look.kind === 'text') return { source, reading: readPolicies(file, look.text) };
    if (look.kind === 'settling') return { source, reading: last?.reading };
    if (look.kind === 'unchanged' && last !== undefined) return last;
    const message = look.kind === 'unreadable' ? look.message : 'cannot be read';
    return { source, reading: { file, objects: [], problems: [fileProblem(file, message)] } };
  }
}

/** The files that a path of the configuration stands for, or why there are none. */
export type Listing =
  | { readonly kind: 'files'; readonly files: readonly string[] }
  | { readonly kind: 'unlisted'; readonly message: string };

const policyFile = /\.(ya?ml|json)$/i;

/**
 * A file stands for itself; a directory stands for its policy files, sorted by name, without subdirectories. Names that
 * begin with a dot are left out: drafts of editors, and `..data` and `..2026_01_02_03_04_05.678` of a mounted ConfigMap,
 * whose files appear again as links beside them.
 */
export async function listPolicyFiles(path: string): Promise<Listing> {
  try {
    if (!(await stat(path)).isDirectory()) return { kind: 'files', files: [path] };
    const names = (await readdir(path)).filter((name) => policyFile.test(name) && !name.startsWith('.'));
    if (names.length > 0) return { kind: 'files', files: names.sort().map((name) => join(path, name)) };
    return {
      kind: 'unlisted',
      message: 'holds no policies; put WorkloadPolicy objects there, in files named *.yaml, *.yml or *.json',
    };
  } catch (error) {
    return { kind: 'unlisted', message: `${explainFileError(error)}; name a file or a directory with policies` };
  }
}
