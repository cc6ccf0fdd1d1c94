import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Turn } from '../../src/http/turn.ts';

test('what comes in one turn of the event loop is decided in order, after it; what comes meanwhile, in the next', async () => {
  const turn = new Turn();
  const said: string[] = [];
  const saying = (word: string, then = () => {}) => ({ decide: () => (said.push(word), then()) });
  turn.add(saying('first', () => turn.add(saying('third'))));
  turn.add(saying('second'));
  expect(said).toEqual([]);
  await nextTurn();
  expect(said).toEqual(['first', 'second']);
  await nextTurn();
  expect(said).toEqual(['first', 'second', 'third']);
});
