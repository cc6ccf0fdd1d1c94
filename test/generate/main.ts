import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { renderOutputs } from './outputs.ts';

/** `npm run generate` writes what is generated; with `-- --check` it only says what differs. */

const root = join(import.meta.dirname, '../..');

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

const unknown = process.argv.slice(2).filter((argument) => argument !== '--check');
if (unknown.length > 0) {
  process.stderr.write(`unknown argument ${unknown.join(' ')}; there is only --check\n`);
  process.exit(2);
}
const isCheck = process.argv.includes('--check');
let isWrong = false;
const readPage = (path: string) => readFileSync(join(root, path), 'utf8');
for (const { path, content, problems } of await renderOutputs(readPage)) {
  for (const problem of problems) process.stderr.write(`${path}: ${problem}\n`);
  const differs = readIfThere(path) !== content;
  if (problems.length > 0 || (differs && isCheck)) isWrong = true;
  if (!differs) continue;
  if (isCheck) {
    process.stderr.write(`${path}: differs from what \`npm run generate\` writes\n`);
    continue;
  }
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
  process.stdout.write(`${path}\n`);
}
if (isWrong) process.exitCode = 1;
