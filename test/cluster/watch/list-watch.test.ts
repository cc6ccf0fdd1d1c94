import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { ApiClient } from '../../../src/cluster/client/client.ts';
import { createListWatch } from '../../../src/cluster/watch/list-watch.ts';
import { shapeOf, type Shape } from '../../../src/cluster/protobuf/shape.ts';
import { podFields } from '../../../src/workload/object-fields.ts';
import * as protobuf from '../protobuf/encode.ts';

function listOf(text: string) {
  const paths: string[] = [];
  const { list } = createListWatch(
    {
      fetch: (request, read) => {
        paths.push(request.path);
        return read(Readable.from([Buffer.from(text)]), 'application/json');
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
  await expect(listOf('{"items":[{}]}').page).rejects.toThrow('something other than a list');
  await expect(listOf('{"kind":"Status"}').page).rejects.toThrow('something other than a list');
});

test('takes no more of a page from the wire until it has rested', async () => {
  const said: string[] = [];
  async function* body() {
    for (const piece of [`{${metadata},"items":[{"a":1}`, ',{"a":2},{"a"', ':3}]}']) {
      said.push('piece');
      yield Buffer.from(piece);
    }
  }
  const client: Pick<ApiClient, 'fetch' | 'watch'> = {
    fetch: (_, read) => read(body(), 'application/json'),
    watch: () => Promise.reject(new Error('not watched here')),
  };
  const { list } = createListWatch(client, '/api/v1/pods');
  const rest = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    said.push('rested');
  };
  const { signal } = new AbortController();
  await list({ limit: 5, continueToken: undefined, signal, rest }, (item) => said.push(JSON.stringify(item)));
  expect(said).toEqual(['piece', '{"a":1}', 'rested', 'piece', '{"a":2}', 'rested', 'piece', '{"a":3}', 'rested']);
});

const pod = { metadata: { name: 'a', resourceVersion: '6' }, spec: { nodeName: 'n1' }, status: { phase: 'Running' } };
const podShape = shapeOf(podFields);
const encoded = protobuf.message(pod, podShape);

const lists = {
  json: [Buffer.from(JSON.stringify({ metadata: { resourceVersion: '7', continue: 'more' }, items: [pod] }))],
  protobuf: [protobuf.list({ resourceVersion: '7', continue: 'more' }, [encoded])],
};
const watches = {
  json: [Buffer.from(`${JSON.stringify({ type: 'ADDED', object: pod })}\n`)],
  protobuf: [protobuf.watchFrame('ADDED', protobuf.envelope('Pod', encoded))],
};

/** Both answers of an API server of pods, in the form that its content type says. */
async function read(form: 'json' | 'protobuf', types: { list: string; watch: string }, shape?: Shape) {
  const accepted: unknown[] = [];
  const client: Pick<ApiClient, 'fetch' | 'watch'> = {
    fetch: ({ accept }, read) => {
      accepted.push(accept);
      return read(Readable.from(lists[form]), types.list);
    },
    watch: async (_path, _signal, accept) => {
      accepted.push(accept);
      return { body: Readable.from(watches[form]), contentType: types.watch };
    },
  };
  const listWatch = createListWatch(client, '/api/v1/pods', shape === undefined ? {} : { shape });
  const { signal } = new AbortController();
  const items: unknown[] = [];
  const page = await listWatch.list({ limit: 5, continueToken: undefined, signal }, (...item) => items.push(item));
  expect(page).toEqual({ resourceVersion: '7', continueToken: 'more', bytes: lists[form][0]?.length });
  expect(items).toEqual([[pod, '7']]);
  const { pieces, decoder } = await listWatch.watch({ resourceVersion: '7', timeoutSeconds: 300, signal });
  const events: unknown[] = [];
  for await (const piece of pieces) events.push(...decoder.decode(piece));
  expect(events).toEqual([{ type: 'ADDED', object: pod, resourceVersion: '6' }]);
  return accepted;
}

const json = { list: 'application/json', watch: 'application/json' };
const either = [
  'application/vnd.kubernetes.protobuf,application/json',
  'application/vnd.kubernetes.protobuf;stream=watch,application/json',
];

describe('objects', () => {
  test('with a shape are read from protobuf', async () => {
    expect(await read('protobuf', protobuf.contentType, podShape)).toEqual(either);
  });

  test('with a shape are read from JSON where the server has no protobuf', async () => {
    expect(await read('json', json, podShape)).toEqual(either);
    expect(await read('json', { list: '', watch: 'application/json;charset=utf-8' }, podShape)).toEqual(either);
  });

  test('without a shape are asked for in JSON', async () => {
    expect(await read('json', json)).toEqual([undefined, undefined]);
  });
});
