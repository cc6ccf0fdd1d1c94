import { expect, test } from 'vitest';
import type { ApiClient, ApiRequest } from '../../../src/cluster/client/client.ts';
import { createLedgerView } from '../../../src/cluster/view/cluster-ledger-view.ts';
import type { PodListener } from '../../../src/cluster/view/view.ts';
import type { PodRecord } from '../../../src/quota/rules/pod-record.ts';
import { UsageSums } from '../../../src/quota/rules/usage.ts';
import { gpuPod } from '../../quota/pod.ts';

/** A view of pods whose changes a test tells, before an API server that lists what it says. */
function create(answer: (path: string) => unknown = () => undefined) {
  const pods = new Map<string, PodRecord>();
  let listener: PodListener = () => undefined;
  const requests: ApiRequest[] = [];
  const fetch: ApiClient['fetch'] = async (request, read) => {
    requests.push(request);
    async function* body() {
      yield Buffer.from(JSON.stringify(answer(request.path)));
    }
    return read(body(), 'application/json');
  };
  const view = createLedgerView(
    {
      pods,
      usage: new UsageSums(() => ({})).usage,
      namespaceLabels: (name) => ({ name }),
      podVersion: () => 7n,
      onPodProgress: (told) => told(),
      onPod: (one) => {
        listener = one;
        return () => undefined;
      },
    },
    { client: { fetch, watch: () => Promise.reject(new Error('nothing is watched')) }, quotas: () => [] },
  );
  const change = (before: PodRecord | undefined, after: PodRecord | undefined, resourceVersion: string) => {
    if (after !== undefined) pods.set(after.uid, after);
    else if (before !== undefined) pods.delete(before.uid);
    listener({ before, after, resourceVersion });
  };
  return { view, change, requests };
}

test('a pod is shown at the version that it was first seen with, and gone at that of its end', () => {
  const { view, change } = create();
  const pod = gpuPod('1', { version: 5 });
  expect(view.shownAt('1')).toBeUndefined();
  change(undefined, pod, '5');
  expect(view.shownAt('1')).toBe(5n);
  change(pod, undefined, '9');
  expect(view.shownAt('1')).toBe(9n);
});

test('so many pods that are gone are remembered, and the oldest are forgotten first', () => {
  const { view, change } = create();
  for (let i = 0; i <= 50_000; i++) change(gpuPod(`${i}`), undefined, '9');
  expect([view.shownAt('0'), view.shownAt('1'), view.shownAt('50000')]).toEqual([undefined, 9n, 9n]);
});

test('the rest is what the view says', () => {
  const { view } = create();
  const told: string[] = [];
  view.onProgress(() => told.push('progress'));
  expect([view.version(), view.namespaceLabels('a'), view.quotas(), told]).toEqual([
    7n,
    { name: 'a' },
    [],
    ['progress'],
  ]);
});

const page = (resourceVersion: string, items: Readonly<Record<string, string>>, more?: string) => ({
  kind: 'PartialObjectMetadataList',
  metadata: { resourceVersion, ...(more === undefined ? {} : { continue: more }) },
  items: Object.entries(items).map(([uid, version]) => ({ metadata: { uid, resourceVersion: version } })),
});

test('a few namespaces are listed one by one, of pods that have not ended, as of the oldest list', async () => {
  const { view, requests } = create((path) =>
    path.includes('/namespaces/a/') ? page('31', { '1': '5' }) : page('30', { '2': '6' }),
  );
  expect(await view.livePods(['a', 'b'])).toEqual({
    version: 30n,
    pods: new Map([
      ['1', 5n],
      ['2', 6n],
    ]),
  });
  const selector = 'fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed&limit=1000';
  expect(requests.map(({ path }) => path).sort()).toEqual([
    `/api/v1/namespaces/a/pods?${selector}`,
    `/api/v1/namespaces/b/pods?${selector}`,
  ]);
  expect(requests.map(({ accept }) => accept?.includes('as=PartialObjectMetadataList'))).toEqual([true, true]);
});

test.each([
  ['many namespaces', ['a', 'b', 'c', 'd', 'e']],
  ['all namespaces', undefined],
])('%s are one list', async (_, namespaces) => {
  const { view, requests } = create(() => page('30', { '1': '5' }));
  expect(await view.livePods(namespaces)).toEqual({ version: 30n, pods: new Map([['1', 5n]]) });
  expect(requests.length).toBe(1);
});

test('a list of several pages is read to its end', async () => {
  const { view, requests } = create((path) =>
    path.includes('continue=more') ? page('30', { '2': '6' }) : page('30', { '1': '5' }, 'more'),
  );
  expect([...(await view.livePods()).pods.keys()]).toEqual(['1', '2']);
  expect(requests.length).toBe(2);
});
