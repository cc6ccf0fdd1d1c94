import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../../src/text/errors.ts';
import { formatTold, readObjects } from '../../../src/cli/input/read-objects.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const pod = (name: string) => `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name} }\n`;

function filesIn(files: Readonly<Record<string, string | Uint8Array>>): string {
  const { path, write } = temporaryDirectory();
  for (const [name, content] of Object.entries(files)) write(name, content);
  return path;
}

const namesIn = async (paths: readonly string[]) =>
  (await readObjects(paths)).objects.map(({ value }) => (value['metadata'] as { name: string }).name);

async function refusal(reading: Promise<unknown>): Promise<string> {
  const error: unknown = await reading.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(InputError);
  return (error as InputError).message;
}

describe('objects are read', () => {
  test('from files and from directories with all below them, in order of names', async () => {
    const root = filesIn({
      'b.yaml': pod('b'),
      'a/z.yml': pod('z'),
      'a/deep/x.json': '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}}',
      'notes.txt': 'no manifest',
    });
    expect(await namesIn([root])).toEqual(['x', 'z', 'b']);
    expect(await namesIn([join(root, 'b.yaml'), join(root, 'a')])).toEqual(['b', 'x', 'z']);
  });

  test('from standard input, in pieces', async () => {
    async function* stdin() {
      for (const piece of pod('i').match(/.{1,3}/gs) ?? []) yield await Promise.resolve(Buffer.from(piece));
    }
    const { objects } = await readObjects(['-'], { stdin: stdin() });
    expect(objects.map(({ place }) => place)).toEqual([{ file: '<stdin>', line: 1, column: 1 }]);
  });

  test('with the file in every place', async () => {
    const root = filesIn({ 'a.yaml': `${pod('a')}---\nkind: [`, 'b.yaml': `${pod('b')}spec: off\n` });
    const { problems, remarks, objects } = await readObjects([root]);
    expect(objects[1]?.locate('spec')).toEqual({ file: join(root, 'b.yaml'), line: 4, column: 1 });
    expect(problems.map(formatTold)).toEqual([expect.stringContaining(`${join(root, 'a.yaml')}:5:8 not valid YAML: `)]);
    expect(remarks.map(formatTold)).toEqual([
      expect.stringContaining(`${join(root, 'b.yaml')}:4:7 off without quotes`),
    ]);
  });
});

describe('refused with what to do', () => {
  test('are paths that are not there, and directories without manifests, all of them at once', async () => {
    const root = filesIn({ 'notes.txt': 'no manifest' });
    const message = await refusal(readObjects([join(root, 'none.yaml'), root]));
    expect(message.split('\n')).toEqual([
      `${join(root, 'none.yaml')}: does not exist`,
      `${root}: contains no manifests: there are no files named *.yaml, *.yml or *.json`,
    ]);
  });

  test('is a file of 100 MB, which is not read at all', async () => {
    const root = filesIn({ 'large.yaml': '' });
    await truncate(join(root, 'large.yaml'), 100 * 1024 * 1024);
    const before = process.memoryUsage.rss();
    expect(await refusal(readObjects([root]))).toBe(
      `${join(root, 'large.yaml')}: has 100 MiB, which is more than 32 MiB; split it into several files`,
    );
    expect(process.memoryUsage.rss() - before).toBeLessThan(50 * 1024 * 1024);
  });

  test('is endless standard input, as soon as it is too long', async () => {
    let pieces = 0;
    async function* endless() {
      for (;;) {
        pieces += 1;
        yield await Promise.resolve(Buffer.alloc(1000, 32));
      }
    }
    const message = await refusal(readObjects(['-'], { stdin: endless(), maxBytes: 10_000 }));
    expect(message).toBe('-: is larger than 0.010 MiB; split it into several files');
    expect(pieces).toBe(11);
  });

  test('is what is no text', async () => {
    const root = filesIn({ 'a.yaml': Uint8Array.of(0x61, 0xff, 0xfe) });
    expect(await refusal(readObjects([root]))).toBe(`${join(root, 'a.yaml')}: is not UTF-8 text`);
  });
});
