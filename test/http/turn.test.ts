import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Turn } from '../../src/http/turn.ts';

/** Writes down what is asked of it. */
function witness(said: string[], name: string, onDecide = () => {}) {
  return { decide: () => (said.push(`decide ${name}`), onDecide()), send: () => void said.push(`send ${name}`) };
}

test('what comes in one turn of the event loop is decided after it, then sent; what comes meanwhile, in the next', async () => {
  const turn = new Turn();
  const said: string[] = [];
  turn.add(witness(said, 'a', () => turn.add(witness(said, 'c'))));
  turn.add(witness(said, 'b'));
  expect(said).toEqual([]);
  await nextTurn();
  expect(said.splice(0)).toEqual(['decide a', 'decide b', 'send a', 'send b']);
  await nextTurn();
  expect(said).toEqual(['decide c', 'send c']);
});

test('of many, the first answer does not wait for the last decision', async () => {
  const turn = new Turn();
  const said: string[] = [];
  for (let i = 0; i < 100; i++) turn.add(witness(said, String(i)));
  await nextTurn();
  expect(said).toHaveLength(200);
  expect(said.indexOf('send 0')).toBe(32);
});
