import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RecordFiles, type RecordFilesOptions } from '../../src/record/record-files.ts';

let root: string;
let directory: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gpugate-records-'));
  directory = join(root, 'records');
});
afterEach(() => {
  chmodSync(root, 0o700);
  rmSync(root, { recursive: true });
});

function filesOf(options: Partial<RecordFilesOptions<string>> = {}) {
  const told: string[] = [];
  const files = new RecordFiles<string>({
    directory,
    maxFileBytes: 100,
    maxFiles: 3,
    lineOf: (entry) => `${entry}\n`,
    onDropped: (reason, count) => told.push(`${reason} ${count}`),
    onFailed: () => told.push('failed'),
    onRecovered: () => told.push('recovered'),
    ...options,
  });
  return { files, told };
}

const names = () => (existsSync(directory) ? readdirSync(directory).sort() : []);
const contents = () => names().map((name) => readFileSync(join(directory, name), 'utf8'));

describe('records', () => {
  test('are written in order, in files that only their owner reads', async () => {
    const { files, told } = filesOf();
    for (const entry of ['a', 'b', 'c']) files.push(entry, 1);
    await files.close();
    expect(contents()).toEqual(['a\nb\nc\n']);
    expect(statSync(join(directory, names()[0] ?? '')).mode & 0o777).toBe(0o600);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(told).toEqual([]);
  });

  test('are written by themselves, soon', async () => {
    const { files } = filesOf();
    files.push('a', 1);
    await expect.poll(contents, { timeout: 5000 }).toEqual(['a\n']);
    files.push('b', 1);
    await expect.poll(contents, { timeout: 5000 }).toEqual(['a\nb\n']);
    await files.close();
  });

  test('make no file as long as there are none', async () => {
    const { files } = filesOf();
    await files.close();
    expect(names()).toEqual([]);
  });

  test('begin a new file before one grows too large, and never keep more files than allowed', async () => {
    let now = 0;
    const { files, told } = filesOf({ now: () => (now += 1000) });
    const all = Array.from({ length: 200 }, (_, index) => `${index}`.padStart(30, '-'));
    for (const entry of all) files.push(entry, 1);
    await files.close();
    const kept = contents();
    expect(kept).toHaveLength(3);
    for (const text of kept) expect(text.length).toBeLessThanOrEqual(100);
    // The newest, without a gap.
    const lines = kept.join('').split('\n').slice(0, -1);
    expect(lines).toEqual(all.slice(-lines.length));
    expect(lines.length).toBeGreaterThan(5);
    expect(told).toEqual([]);
  });

  test('of earlier processes make room, and other files stay', async () => {
    const first = filesOf({ now: () => 0 });
    first.files.push('old', 1);
    await first.files.close();
    writeFileSync(join(directory, 'notes.jsonl'), 'mine');
    const second = filesOf({ maxFiles: 1, now: () => 1000 });
    second.files.push('new', 1);
    await second.files.close();
    expect(contents()).toEqual(['new\n', 'mine']);
  });

  test('that no file has room for are dropped and counted, and no other', async () => {
    const { files, told } = filesOf();
    for (const entry of ['a', 'x'.repeat(100), 'b']) files.push(entry, 1);
    await files.close();
    expect(contents().join('')).toBe('a\nb\n');
    expect(told).toEqual(['too_large 1']);
  });

  test('that come faster than they are written are dropped and counted', async () => {
    const { files, told } = filesOf();
    const half = 16 * 1024 * 1024;
    for (const entry of ['a', 'b', 'c']) files.push(entry, half);
    expect(told).toEqual(['buffer_full 1']);
    await files.close();
    // Once written they take no room.
    files.push('d', half * 2);
    await files.close();
    expect(contents().join('')).toBe('a\nb\nd\n');
    expect(told).toEqual(['buffer_full 1']);
  });
});

test('files of one millisecond sort in the order in which they were begun', async () => {
  const { files } = filesOf({ now: () => 1000 });
  const letters = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  for (const letter of letters) {
    files.push(letter, 1);
    await files.close();
  }
  expect(contents().slice(-3)).toEqual(letters.slice(-3).map((letter) => `${letter}\n`));
});

describe('a directory that cannot be written to', () => {
  test('is told once, and records are dropped and counted until it can', async () => {
    let now = 0;
    const { files, told } = filesOf({ now: () => now });
    writeFileSync(directory, 'a file where the directory should be');
    files.push('a', 1);
    await files.close();
    files.push('b', 1);
    await files.close();
    expect(told).toEqual(['not_written 1', 'failed', 'not_written 1']);
    now = 20_000;
    files.push('c', 1);
    await files.close();
    expect(told.slice(3)).toEqual(['not_written 1']);
    rmSync(directory);
    now = 40_000;
    files.push('d', 1);
    await files.close();
    expect(told.slice(4)).toEqual(['recovered']);
    expect(contents()).toEqual(['d\n']);
  });

  test('because the disk is full ends the file there, and the next one begins when there is room', async () => {
    let now = 0;
    let room = 10;
    const created: string[] = [];
    const createFile: RecordFilesOptions<string>['createFile'] = () => {
      const index = created.push('') - 1;
      return Promise.resolve({
        // As a disk does that fills up: first a part, then nothing.
        write: (bytes) => {
          if (room === 0) return Promise.reject(new Error('ENOSPC: no space left on device, write'));
          const taken = bytes.subarray(0, Math.min(room, 3));
          room -= taken.length;
          created[index] += taken.toString();
          return Promise.resolve({ bytesWritten: taken.length });
        },
        close: () => Promise.resolve(),
      });
    };
    const { files, told } = filesOf({ now: () => now, createFile });
    for (const entry of ['four', 'seven--']) {
      files.push(entry, 1);
    }
    await files.close();
    expect(told).toEqual(['not_written 2', 'failed']);
    room = 100;
    files.push('too soon', 1);
    await files.close();
    now = 20_000;
    files.push('again', 1);
    await files.close();
    expect(told).toEqual(['not_written 2', 'failed', 'not_written 1', 'recovered']);
    expect(created).toEqual(['four\nseven', 'again\n']);
  });

  test('because it would be below a file is no exception', async () => {
    const { files, told } = filesOf({ directory: '/dev/full/records' });
    files.push('a', 1);
    await files.close();
    expect(told).toEqual(['not_written 1', 'failed']);
  });

  test('never throws for an entry that cannot be written down', async () => {
    const { files, told } = filesOf({
      lineOf: () => {
        throw new Error('a fault');
      },
    });
    files.push('a', 1);
    await files.close();
    expect(told).toEqual(['not_written 1', 'failed']);
  });
});
