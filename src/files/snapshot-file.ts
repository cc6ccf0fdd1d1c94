import { type ClusterSnapshot, clusterSnapshot } from '../api/cluster-snapshot.ts';
import { fileProblem, type Problem } from '../text/problem.ts';
import { readYaml } from '../text/read-yaml.ts';
import type { ClusterFacts } from '../workload/cluster-facts.ts';
import { createQueue, readTextFile, TextFile } from './text-file.ts';
import { snapshotView } from './snapshot-usage.ts';

/** 5,000 GPU nodes with the 60 labels of gpu-feature-discovery are 15 MB; four times that, for good measure. */
const maxSnapshotBytes = 64 * 1024 * 1024;

export type SnapshotState = {
  /** Of the last good snapshot; undefined only while there never was one. */
  readonly facts: ClusterFacts | undefined;
  readonly problems: readonly Problem[];
  /** Whether facts or problems are others than the last time. */
  readonly changed: boolean;
};

export type SnapshotFileOptions = { readonly path: string; readonly now?: () => number };

/**
 * A file of this size was written by an exporter. As JSON it is read without the place of each key: 5,000 nodes take
 * 0.2 s instead of 4 s, in which nothing else is served. If anything is wrong with it, the thorough reading says where.
 */
const exportedBytes = 1024 * 1024;

function readExport(text: string): ClusterSnapshot | undefined {
  if (text.length < exportedBytes || !text.startsWith('{')) return undefined;
  try {
    return clusterSnapshot.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function readSnapshot(file: string, text: string): ClusterSnapshot | readonly Problem[] {
  const exported = readExport(text);
  if (exported !== undefined) return exported;
  const { objects, problems } = readYaml(text, { file, schemas: [clusterSnapshot] });
  if (problems.length > 0) return problems;
  const [first, second] = objects;
  const one = 'a snapshot file holds exactly one ClusterSnapshot';
  if (first?.value === undefined) return [{ file, line: 1, column: 1, field: '', message: `is empty; ${one}` }];
  if (second !== undefined) return [second.problemAt('', `${one}, and this is another`)];
  return first.value;
}

/** Reads a snapshot file once. */
export async function readSnapshotFile(
  path: string,
): Promise<{ readonly snapshot: ClusterSnapshot } | { readonly problems: readonly Problem[] }> {
  const file = await readTextFile(path, { maxBytes: maxSnapshotBytes });
  if (file.kind !== 'text') {
    return { problems: [fileProblem(path, file.message)] };
  }
  const read = readSnapshot(path, file.text);
  return 'kind' in read ? { snapshot: read } : { problems: read };
}

/** The facts of a cluster, read from a file. A bad file leaves the last good facts, which then grow stale. */
export class SnapshotFile {
  readonly #path: string;
  readonly #now: () => number;
  readonly #queue = createQueue();
  readonly #file: TextFile;
  #facts: ClusterFacts | undefined;
  #problems: readonly Problem[] = [];
  #badSinceMs: number | undefined;

  constructor({ path, now = Date.now }: SnapshotFileOptions) {
    this.#path = path;
    this.#now = now;
    this.#file = new TextFile(path, { maxBytes: maxSnapshotBytes, now });
  }

  /** Whenever the file may have changed: costs one `stat` when it has not. Never throws for what it holds. */
  reload(): Promise<SnapshotState> {
    return this.#queue(() => this.#refresh());
  }

  async #refresh(): Promise<SnapshotState> {
    const look = await this.#file.look();
    if (look.kind === 'unchanged' || look.kind === 'settling') return this.#state(false);
    const read =
      look.kind === 'text'
        ? readSnapshot(this.#path, look.text)
        : [{ file: this.#path, line: 1, column: 1, field: '', message: look.message }];
    if ('kind' in read) {
      this.#facts = snapshotView(read, () => (this.#badSinceMs === undefined ? 0 : this.#now() - this.#badSinceMs));
      this.#problems = [];
      this.#badSinceMs = undefined;
    } else {
      this.#problems = read;
      this.#badSinceMs ??= this.#now();
    }
    return this.#state(true);
  }

  #state(changed: boolean): SnapshotState {
    return { facts: this.#facts, problems: this.#problems, changed };
  }
}
