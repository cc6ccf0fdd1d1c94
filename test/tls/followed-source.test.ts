import { beforeAll, describe, expect, test } from 'vitest';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createMemoryStore, type StoredCertificates } from '../../src/tls/certificate-store.ts';
import { createFollowedSource } from '../../src/tls/followed-source.ts';
import { createManagedSource } from '../../src/tls/managed-source.ts';
import { createRecordingLog } from '../support/recording-log.ts';

const start = Date.parse('2026-03-01T00:00:00Z');
const day = 24 * 60 * 60 * 1000;

async function issue(): Promise<StoredCertificates> {
  const store = createMemoryStore();
  const metrics = createMetrics({ version: 'test', processMetrics: false });
  await createManagedSource({ store, names: ['a'], clock: () => start, log: createRecordingLog(), metrics });
  const stored = await store.load();
  if (stored === undefined) throw new Error('nothing was stored');
  return stored;
}

let first: StoredCertificates;
let second: StoredCertificates;
beforeAll(async () => {
  [first, second] = await Promise.all([issue(), issue()]);
});

/** A source on what stands in `state`; at first nothing is stored, and everything is trusted. */
function setUp(stored?: StoredCertificates) {
  const state = { stored, time: start, distrusted: new Set<string>() };
  const log = createRecordingLog();
  let wake = Promise.withResolvers<void>();
  const source = createFollowedSource({
    newest: () => state.stored,
    untilChange: () => wake.promise,
    isTrusted: (cert) => !state.distrusted.has(cert),
    clock: () => state.time,
    log,
    metrics: createMetrics({ version: 'test', processMetrics: false }),
  });
  const change = () => {
    wake.resolve();
    wake = Promise.withResolvers();
  };
  const problems = () => log.entries.filter(({ level }) => level === 'warn').map(({ fields }) => fields['problem']);
  return { state, source, change, problems };
}

describe('a follower', () => {
  test('waits until there is something to serve, and says what is missing', async () => {
    const { state, source, change, problems } = setUp();
    change();
    await Promise.resolve();
    state.stored = { ...first, cert: '', key: '' };
    change();
    await new Promise((resolve) => setImmediate(resolve));
    state.stored = first;
    change();
    expect((await source).current()).toMatchObject({ cert: first.cert, key: first.key, ca: first.caCert });
    expect(problems()).toEqual(['nothing is stored', 'there is no PEM certificate in it']);
  });

  test('serves the next at once, and tells it', async () => {
    const { state, source } = setUp(first);
    const told: string[] = [];
    const followed = await source;
    followed.onChange(({ cert }) => told.push(cert));
    state.stored = second;
    expect(await followed.reload()).toEqual({ kind: 'changed' });
    expect(await followed.reload()).toEqual({ kind: 'unchanged' });
    expect(told).toEqual([second.cert]);
  });

  const useless: Record<string, (state: ReturnType<typeof setUp>['state']) => void> = {
    'is deleted': (state) => (state.stored = undefined),
    'is damaged': (state) => (state.stored = { ...second, key: first.key }),
    'has expired': (state) => void ((state.stored = second), (state.time += 31 * day)),
    'no caBundle trusts yet': (state) => void ((state.stored = second), state.distrusted.add(second.cert)),
  };
  test.each(Object.entries(useless))(
    'serves on what it has when what is stored %s, and complains once',
    async (_, spoil) => {
      const { state, source, problems } = setUp(first);
      const followed = await source;
      spoil(state);
      expect((await followed.reload()).kind).toBe('failed');
      expect((await followed.reload()).kind).toBe('failed');
      expect(followed.current().cert).toBe(first.cert);
      expect(problems()).toHaveLength(1);
    },
  );

  test('does not cling to a certificate that is trusted no more either', async () => {
    const { state, source } = setUp(first);
    const followed = await source;
    state.stored = second;
    state.distrusted = new Set([first.cert, second.cert]);
    expect(await followed.reload()).toEqual({ kind: 'changed' });
  });
});
