import { describe, expect, test } from 'vitest';
import { decidePass, type Asked, type PassFacts } from '../../../src/quota/rules/decide-pass.ts';
import { emptyLedger, type LedgerState } from '../../../src/quota/ledger/ledger-state.ts';
import { FakeView } from '../ledger/fake-view.ts';
import { gpuPod, reservePod, uidsOf } from '../pod.ts';
import { readQuota } from '../read-quota.ts';

const quota = readQuota({ hard: { 'nvidia.com/gpu': '2' } }, 'all');

const ask = (uid: string, about: Partial<Asked> = {}): Asked => ({
  pod: gpuPod(uid),
  dryRun: false,
  deadline: 1000,
  checked: undefined,
  hasWaited: false,
  retriesLeft: 1,
  ...about,
});
const checked = (version: bigint, ...namespaces: string[]) => ({ namespaces: new Set(namespaces), version });
const ledgerOf = (...uids: string[]): LedgerState => ({
  ...emptyLedger('c', true),
  seenThrough: 5n,
  reservations: uids.map((uid) => reservePod(uid)),
});

function decide(
  batch: readonly Asked[],
  state: LedgerState,
  world = new FakeView([quota]),
  about: Partial<PassFacts> = {},
) {
  const pass = decidePass(batch, state, { view: world.view, isGone: () => false, isReleased: () => false, ...about });
  return {
    kept: uidsOf(pass.kept),
    added: uidsOf(pass.added),
    seenThrough: pass.seenThrough,
    answers: batch.map((one) => pass.answers.get(one)?.kind),
    reasons: pass.unconfirmed.map(({ waiting, reason }) => `${waiting.pod.uid} ${reason}`),
  };
}
const quiet = { kept: [], added: [], seenThrough: 5n, answers: [], reasons: [] };

describe('reservations', () => {
  test('stay while neither shown nor released', () => {
    expect(decide([], ledgerOf('1', '2'))).toEqual({ ...quiet, kept: ['1', '2'] });
  });

  test('end when their pod is shown, and say up to where others must have seen', () => {
    const world = new FakeView([quota]);
    world.show(gpuPod('1', { version: 8 }));
    world.showGone('2', 9n);
    expect(decide([], ledgerOf('1', '2', '3'), world)).toEqual({ ...quiet, kept: ['3'], seenThrough: 9n });
  });

  test('never lower what others must have seen', () => {
    const world = new FakeView([quota]);
    world.show(gpuPod('1', { version: 3 }));
    expect(decide([], ledgerOf('1'), world).seenThrough).toBe(5n);
  });

  test('end when they are released', () => {
    expect(decide([], ledgerOf('1', '2'), undefined, { isReleased: (one) => uidsOf([one]).includes('1') })).toEqual({
      ...quiet,
      kept: ['2'],
    });
  });
});

describe('a pod that is requested', () => {
  test('is added when it fits', () => {
    expect(decide([ask('1')], ledgerOf())).toEqual({ ...quiet, added: ['1'], answers: ['fits'] });
  });

  test('is not added by a dry run', () => {
    expect(decide([ask('1', { dryRun: true })], ledgerOf())).toEqual({ ...quiet, answers: ['fits'] });
  });

  test('finds the room that a dry run before it would have taken', () => {
    const batch = [ask('1', { dryRun: true }), ask('2'), ask('3')];
    expect(decide(batch, ledgerOf())).toEqual({ ...quiet, added: ['2', '3'], answers: ['fits', 'fits', 'fits'] });
  });

  test('is not added when no quota charges it', () => {
    expect(decide([ask('1')], ledgerOf(), new FakeView([]))).toEqual({ ...quiet, answers: ['fits'] });
  });

  test('is reserved already: it fits, and is not added again', () => {
    expect(decide([ask('1')], ledgerOf('1', '2'))).toEqual({ ...quiet, kept: ['1', '2'], answers: ['fits'] });
  });

  test('is shown already', () => {
    const world = new FakeView([quota]);
    world.show(gpuPod('1', { gpus: 2, version: 4 }));
    expect(decide([ask('1')], ledgerOf(), world)).toEqual({ ...quiet, answers: ['fits'] });
  });

  test('is there twice: the second waits for what comes of the first', () => {
    expect(decide([ask('1'), ask('1')], ledgerOf())).toEqual({ ...quiet, added: ['1'], answers: ['fits', undefined] });
  });

  test('has the name of another pod, and is charged all the same', () => {
    const named = { ...ask('1'), pod: gpuPod('1', { name: 'same' }) };
    const state = { ...ledgerOf(), reservations: [reservePod('2', { name: 'same' })] };
    expect(decide([named], state).added).toEqual(['1']);
  });
});

describe('a pod that does not fit', () => {
  const full = () => {
    const world = new FakeView([quota]);
    world.show(gpuPod('s', { gpus: 2, namespace: 'b', version: 4 }));
    return world;
  };

  test('is not denied before a live list', () => {
    expect(decide([ask('1')], ledgerOf(), full())).toEqual({ ...quiet, answers: [undefined], reasons: ['1 unlisted'] });
  });

  test('is not denied by pods of a namespace that the list did not cover', () => {
    const one = ask('1', { checked: checked(20n, 'a') });
    expect(decide([one], ledgerOf(), full()).reasons).toEqual(['1 unlisted']);
  });

  test('is denied after a list of the pods that cause it', () => {
    const one = ask('1', { checked: checked(20n, 'b') });
    expect(decide([one], ledgerOf(), full())).toEqual({ ...quiet, answers: ['short'] });
  });

  test('waits for a view that is older than the list, if only reservations deny it', () => {
    const one = ask('1', { checked: checked(20n) });
    expect(decide([one], ledgerOf('r', 's')).reasons).toEqual(['1 behind']);
  });

  test.each([
    ['the view is as new as the list', { checked: checked(10n) }],
    ['it has waited long enough', { checked: checked(20n), hasWaited: true }],
  ])('is denied by reservations when %s', (_, about) => {
    expect(decide([ask('1', about)], ledgerOf('r', 's')).answers).toEqual(['short']);
  });
});
