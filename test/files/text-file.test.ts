import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync, utimesSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { TextFile, createQueue } from '../../src/files/text-file.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { setTimeout as sleep } from 'node:timers/promises';

/** Long after every write, so that `stat` is trusted; `Date.now` would read everything anew. */
const muchLater = () => Date.now() + 3_600_000;

function fileIn(directory: string): TextFile {
  return new TextFile(join(directory, 'a'), { maxBytes: 1024 * 1024, now: muchLater });
}

function countedFileIn(directory: string, now: () => number) {
  let count = 0;
  const readBytes = (path: string) => {
    count++;
    return readFile(path);
  };
  const file = new TextFile(join(directory, 'a'), { maxBytes: 1024, now, readBytes });
  return { file, reads: () => count };
}

describe('a text file', () => {
  test('is read at the first look, and unchanged at the next', async () => {
    const { path, write } = temporaryDirectory();
    const file = fileIn(path);
    write('a', 'one');
    expect(await file.look()).toEqual({ kind: 'text', text: 'one' });
    expect(await file.look()).toEqual({ kind: 'unchanged' });
  });

  test('is read again when it was written in place, replaced, or found through another link', async () => {
    const { path, write, remove } = temporaryDirectory();
    const file = fileIn(path);
    write('a', 'one');
    await file.look();
    write('a', 'two');
    expect(await file.look()).toEqual({ kind: 'text', text: 'two' });
    write('b', 'six');
    renameSync(join(path, 'b'), join(path, 'a'));
    expect(await file.look()).toEqual({ kind: 'text', text: 'six' });
    write('c', 'ten');
    remove('a');
    symlinkSync('c', join(path, 'a'));
    expect(await file.look()).toEqual({ kind: 'text', text: 'ten' });
  });

  test('with the same text is unchanged, however often it is touched', async () => {
    const { path, write } = temporaryDirectory();
    const file = fileIn(path);
    write('a', 'one');
    await file.look();
    utimesSync(join(path, 'a'), 1, 1);
    expect(await file.look()).toEqual({ kind: 'unchanged' });
    write('a', 'one');
    expect(await file.look()).toEqual({ kind: 'unchanged' });
  });

  test('is read once while stat does not change', async () => {
    const { path, write } = temporaryDirectory();
    const { file, reads } = countedFileIn(path, muchLater);
    write('a', 'one');
    for (let look = 0; look < 5; look++) await file.look();
    expect(reads()).toBe(1);
    write('a', 'two');
    for (let look = 0; look < 5; look++) await file.look();
    expect(reads()).toBe(2);
  });

  test('that was written a moment ago is read whatever stat says: it may be written again within one tick', async () => {
    const { path, write } = temporaryDirectory();
    const { file, reads } = countedFileIn(path, Date.now);
    write('a', 'one');
    for (let look = 0; look < 5; look++) await file.look();
    expect(reads()).toBe(5);
  });

  test('that is gone says so once, and is read when it is back', async () => {
    const { path, write, remove } = temporaryDirectory();
    const file = fileIn(path);
    expect(await file.look()).toEqual({ kind: 'unreadable', message: 'does not exist' });
    expect(await file.look()).toEqual({ kind: 'unchanged' });
    write('a', 'one');
    expect(await file.look()).toEqual({ kind: 'text', text: 'one' });
    remove('a');
    expect(await file.look()).toEqual({ kind: 'unreadable', message: 'does not exist' });
    write('a', 'one');
    expect(await file.look()).toEqual({ kind: 'text', text: 'one' });
  });

  test('has at most so many bytes', async () => {
    const { path, write } = temporaryDirectory();
    const file = fileIn(path);
    write('a', 'x'.repeat(1024 * 1024));
    expect(await file.look()).toMatchObject({ kind: 'text' });
    write('a', 'x'.repeat(1.5 * 1024 * 1024));
    expect(await file.look()).toEqual({ kind: 'unreadable', message: 'is 1.5 MiB, over the limit of 1.0 MiB' });
  });

  test('is text in UTF-8, without its byte order mark', async () => {
    const { path, write } = temporaryDirectory();
    const file = fileIn(path);
    write('a', '\uFEFFgrün');
    expect(await file.look()).toEqual({ kind: 'text', text: 'grün' });
    write('a', Buffer.from('one', 'utf16le').fill(0xff, 0, 1));
    expect(await file.look()).toEqual({ kind: 'unreadable', message: 'is not UTF-8 text' });
  });

  test('is no directory, no pipe and no circle of links', async () => {
    const { path, remove } = temporaryDirectory();
    const file = fileIn(path);
    mkdirSync(join(path, 'a'));
    expect(await file.look()).toEqual({ kind: 'unreadable', message: 'is not a regular file' });
    remove('a');
    execFileSync('mkfifo', [join(path, 'a')]);
    expect(await file.look()).toEqual({ kind: 'unchanged' });
    remove('a');
    symlinkSync('a', join(path, 'a'));
    expect(await file.look()).toEqual({ kind: 'unreadable', message: 'is a link that leads to itself' });
  });
});

describe('a text file that settles', () => {
  function settlingFile(settles: 'always' | 'after the first look') {
    const directory = temporaryDirectory();
    const file = new TextFile(join(directory.path, 'a'), { maxBytes: 1024, now: muchLater, settles });
    return { ...directory, file };
  }

  test('is read at the first look, and later only once two looks agree', async () => {
    const { file, write } = settlingFile('after the first look');
    write('a', 'one');
    expect(await file.look()).toEqual({ kind: 'text', text: 'one' });
    write('a', 'tw');
    expect(await file.look()).toEqual({ kind: 'settling' });
    write('a', 'two');
    expect(await file.look()).toEqual({ kind: 'settling' });
    expect(await file.look()).toEqual({ kind: 'text', text: 'two' });
    expect(await file.look()).toEqual({ kind: 'unchanged' });
  });

  test('is not read at the first look, when it always settles', async () => {
    const { file, write } = settlingFile('always');
    write('a', 'one');
    expect(await file.look()).toEqual({ kind: 'settling' });
    expect(await file.look()).toEqual({ kind: 'text', text: 'one' });
  });

  test('that is written back has not changed, and says at once that it is gone', async () => {
    const { file, write, remove } = settlingFile('after the first look');
    write('a', 'one');
    await file.look();
    write('a', 'on');
    expect(await file.look()).toEqual({ kind: 'settling' });
    write('a', 'one');
    expect(await file.look()).toEqual({ kind: 'unchanged' });
    remove('a');
    expect(await file.look()).toEqual({ kind: 'unreadable', message: 'does not exist' });
  });
});

describe('a task queue', () => {
  test('runs one task at a time, in order, and goes on after one that failed', async () => {
    const queue = createQueue();
    const seen: string[] = [];
    const task =
      (name: string, ms: number, fails = false) =>
      async () => {
        seen.push(`${name} begins`);
        await sleep(ms);
        seen.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const results = await Promise.allSettled([queue(task('a', 20)), queue(task('b', 5, true)), queue(task('c', 0))]);
    expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
    expect(results).toEqual([
      { status: 'fulfilled', value: 'a' },
      { status: 'rejected', reason: new Error('b') },
      { status: 'fulfilled', value: 'c' },
    ]);
  });
});
