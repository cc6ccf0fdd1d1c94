import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { createListWatch } from '../../src/cluster/list-watch.ts';

function listOf(text: string) {
  const paths: string[] = [];
  const { list } = createListWatch(
    {
      fetch: (request, read) => {
        paths.push(request.path);
        return read(Readable.from([Buffer.from(text)]));
      },
      watch: () => Promise.reject(new Error('not watched here')),
    },
    '/api/v1/pods',
    { fieldSelector: 'status.phase!=Failed' },
  );
  const items: unknown[] = [];
  const page = list({ limit: 2, continueToken: 'a/b', signal: new AbortController().signal }, (item, version) =>
    items.push([item, version]),
  );
  return { page, items, paths };
}

const metadata = '"metadata":{"resourceVersion":"7","continue":"next"}';
const items = '"items":[{"a":1},{"a":2}]';
const both = [
  [{ a: 1 }, '7'],
  [{ a: 2 }, '7'],
];

const orders: Readonly<Record<string, string>> = {
  'whose metadata come first, as in lists of pods': `{"kind":"PodList",${metadata},${items}}`,
  'whose metadata come last, as in lists of custom resources': `{${items},"kind":"XList",${metadata}}`,
};
test.each(Object.entries(orders))('a page %s', async (_, text) => {
  const listed = listOf(text);
  expect(await listed.page).toEqual({ resourceVersion: '7', continueToken: 'next', bytes: text.length });
  expect(listed.items).toEqual(both);
  expect(listed.paths).toEqual(['/api/v1/pods?fieldSelector=status.phase%21%3DFailed&limit=2&continue=a%2Fb']);
});

test('what is no list says so', async () => {
  await expect(listOf('{"items":[{}]}').page).rejects.toThrow('something else than a list');
  await expect(listOf('{"kind":"Status"}').page).rejects.toThrow('something else than a list');
});
