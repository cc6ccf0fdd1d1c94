import { expect, test } from 'vitest';
import type { LedgerData } from '../../../src/api/quota-ledger.ts';
import {
  emptyLedger,
  formatLedger,
  isOfNewerForm,
  parseLedger,
  type LedgerState,
} from '../../../src/quota/ledger/ledger-state.ts';
import { preReserve, reservePod, uidsOf } from '../pod.ts';

const full: LedgerState = {
  cluster: 'c',
  isSettled: true,
  seenThrough: 12345678901234567890n,
  reservations: [reservePod('1', { gpus: 2, user: 'alice', labels: { team: 'x' }, memoryMiB: 7 }), reservePod('2')],
};

test.each([
  ['an empty one', emptyLedger('c', true)],
  ['one that has not settled', emptyLedger('c', false)],
  ['one with reservations', full],
])('%s reads as it was written', (_, state) => {
  expect(parseLedger(formatLedger(state))).toEqual(state);
});

test('what one replica pre-reserved for similar pods is written once, with the number of each', () => {
  const preReserved = [1, 2, 5].map((id) => preReserve('r-1', id));
  const others = [preReserve('r2', 1), preReserve('r2', 2, { gpus: 2 })];
  const state = { ...full, reservations: [...full.reservations, ...preReserved, ...others] };
  const written = JSON.parse(formatLedger(state)) as LedgerData;
  expect(written.pods.map(({ uid }) => uid)).toEqual(['1', '2']);
  expect(written.preReserved?.map(({ by, ids }) => [by, ids])).toEqual([
    ['r-1', [1, 2, 5]],
    ['r2', [1]],
    ['r2', [2]],
  ]);
  expect(parseLedger(formatLedger(state))).toEqual(state);
});

test('what is not needed for a decision is not written: neither node nor version', () => {
  const written = formatLedger({ ...full, reservations: [reservePod('1', { node: 'n', version: 9 })] });
  expect(written).toBe(
    '{"v":2,"cluster":"c","settled":true,"seen":"12345678901234567890","pods":[{"uid":"1","ns":"a","name":"1","user":"","labels":{},"demand":{"nvidia.com/gpu":1},"mib":0}]}',
  );
});

test('a reservation that was known before is the same object, so that its charge is not worked out again', () => {
  const before = parseLedger(formatLedger(full));
  const after = parseLedger(formatLedger({ ...full, reservations: [...full.reservations, reservePod('3')] }), before);
  expect(after?.reservations[0]).toBe(before?.reservations[0]);
  expect(uidsOf(after?.reservations)).toEqual(['1', '2', '3']);
});

const valid = JSON.parse(formatLedger(full)) as Record<string, unknown>;

test.each([
  ['nothing', ''],
  ['no JSON', 'rubbish'],
  ['another value', 'null'],
  ['an empty object', '{}'],
  ['a field of somebody else', JSON.stringify({ ...valid, note: 'x' })],
  ['a negative version', JSON.stringify({ ...valid, seen: '-1' })],
  ['half of a reservation', JSON.stringify({ ...valid, pods: [{ uid: '1' }] })],
  ['half of the text', formatLedger(full).slice(0, 60)],
])('%s is no ledger', (_, text) => {
  expect(parseLedger(text)).toBeUndefined();
  expect(isOfNewerForm(text)).toBe(false);
});

test.each([
  ['the next form', JSON.stringify({ ...valid, v: 3 })],
  ['a form that has nothing else in common', '{"v":7,"pods":{}}'],
])('%s cannot be read, and is not lost', (_, text) => {
  expect(parseLedger(text)).toBeUndefined();
  expect(isOfNewerForm(text)).toBe(true);
});

test.each([
  ['our own form', formatLedger(full)],
  ['an older form', JSON.stringify({ ...valid, v: 1 })],
  ['half a number', JSON.stringify({ ...valid, v: 1.5 })],
  ['a number in quotes', JSON.stringify({ ...valid, v: '2' })],
])('%s is not of a newer gpugate', (_, text) => {
  expect(isOfNewerForm(text)).toBe(false);
});
