import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

/** What the stage of the Dockerfile that builds copies from the tree; so the build is shown to need nothing else. */
function buildInputs(): string[] {
  const [stage = ''] =
    readFileSync(join(root, 'Dockerfile'), 'utf8')
      .split(/^FROM .* AS build$/m)[1]
      ?.split(/^FROM /m) ?? [];
  return [...stage.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, files = '']) => files.split(' '));
}

/** The package as it is published, built in a directory of its own; `node_modules` are those of the tree. */
export async function buildPackage(): Promise<{ readonly directory: string; readonly remove: () => void }> {
  const directory = mkdtempSync(join(tmpdir(), 'gpugate-package-'));
  const copy = (file: string) => cpSync(join(root, file), join(directory, file), { recursive: true });
  for (const file of buildInputs()) copy(file);
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  await run('npm', ['run', 'build'], { cwd: directory });
  for (const file of ['manifests', 'README.md', 'LICENSE']) copy(file);
  return { directory, remove: () => rmSync(directory, { recursive: true }) };
}

export type Run = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type RunOptions = {
  readonly environment?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  readonly cwd?: string;
};

/** One command of a built package, to its end. */
export async function runBuilt(directory: string, args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const { environment = {}, flags = [], cwd = dirname(directory) } = options;
  const words = [...flags, join(directory, 'dist/main.js'), ...args];
  const env = { ...process.env, ...environment };
  try {
    return { code: 0, ...(await run(process.execPath, words, { env, cwd })) };
  } catch (error) {
    return error as Run;
  }
}
