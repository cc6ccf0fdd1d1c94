import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readLines, type Line } from '../../../src/cli/replay/read-lines.ts';
import { readLog, type LogEntry } from '../../../src/cli/replay/read-log.ts';
import { dedicatedPod, logOf } from './log-of.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gpugate-log-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function file(name: string, text: string | Buffer): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function linesOf(text: string | Buffer): Promise<Line[]> {
  let read = 0;
  const lines = await collect(readLines(file('lines', text), (bytes) => (read += bytes)));
  expect(read).toBe(Buffer.byteLength(text));
  return lines;
}

describe('lines', () => {
  test('are those between newlines, whatever else is in them', async () => {
    const line = fc.string({ unit: 'binary', maxLength: 30 }).map((text) => text.replaceAll('\n', '\u2028\r'));
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 6 }), fc.boolean(), async (texts, isWhole) => {
        const text = Buffer.from(texts.join('\n') + (isWhole ? '\n' : '')).toString();
        const expected = text.split('\n').map((each, index, all) => ({
          number: index + 1,
          text: each,
          isWhole: index < all.length - 1,
        }));
        expect(await linesOf(text)).toEqual(expected.filter((each) => each.text !== ''));
      }),
      { numRuns: 200 },
    );
  });

  test('may be longer than what is read at once', async () => {
    const long = 'é'.repeat(200_000);
    expect((await linesOf(`a\n${long}\nb\n`)).map(({ text }) => text)).toEqual(['a', long, 'b']);
  });

  test('that are longer than any record are passed over without being held', async () => {
    const lines = await linesOf(Buffer.concat([Buffer.alloc(17 * 1024 * 1024, 'x'), Buffer.from('\nb\n')]));
    expect(lines).toEqual([
      { number: 1, text: undefined, isWhole: true },
      { number: 2, text: 'b', isWhole: true },
    ]);
  });
});

describe('a log', () => {
  const seconds = (entries: readonly LogEntry[]) => entries.map(({ record }) => Number(record?.time.slice(17, 19)));

  test('of several files comes in order of time', async () => {
    const lines = await logOf(
      {},
      Array.from({ length: 30 }, (_, second) => ({ ...dedicatedPod('job-1-a'), second })),
    );
    // A replica that is asked often, one that is asked at times, and one that came late.
    const ofFile = (index: number) => (index > 25 ? 2 : index % 7 === 3 ? 1 : 0);
    const files = [0, 1, 2].map((number) =>
      file(`${number}.jsonl`, lines.filter((_, index) => ofFile(index) === number).join('')),
    );
    const entries = await collect(readLog(files));
    expect(seconds(entries)).toEqual(Array.from({ length: 30 }, (_, second) => second));
    expect(entries[10]).toMatchObject({ file: files[1], line: 2 });
  });

  test('goes on behind what is damaged, in its own file and in others', async () => {
    const lines = await logOf({}, [dedicatedPod('job-1-a'), dedicatedPod('job-2-b'), dedicatedPod('job-3-c')]);
    const first = file('1.jsonl', `x\n${lines[0]}y\n${lines[2]}`);
    const second = file('2.jsonl', `${lines[1]}z`);
    const entries = await collect(readLog([first, second]));
    expect(seconds(entries.filter(({ record }) => record !== undefined))).toEqual([0, 1, 2]);
    const problems = entries.filter(({ problem }) => problem !== undefined);
    expect(problems.map(({ file: name, line, isCutOff }) => [name.slice(-7), line, isCutOff])).toEqual([
      ['1.jsonl', 1, false],
      ['1.jsonl', 3, false],
      ['2.jsonl', 2, true],
    ]);
  });
});
