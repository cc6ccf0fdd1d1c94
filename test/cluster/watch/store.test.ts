import { describe, expect, test } from 'vitest';
import { Store } from '../../../src/cluster/watch/store.ts';

/** Texts of which only the first letter matters; `said` holds what was told of them. */
function createStore() {
  const said: string[] = [];
  const store = new Store<string>({
    isSame: (a, b) => a[0] === b[0],
    onChange: ({ before = '-', after = '-', resourceVersion }) => said.push(`${before} ${after} ${resourceVersion}`),
  });
  return { store, said, content: () => [...store.values()].sort() };
}

const filled = () => {
  const all = createStore();
  all.store.put('x', 'one', '1');
  all.store.put('y', 'two', '2');
  all.said.length = 0;
  return all;
};

describe('a store', () => {
  test('tells of what came, changed and went, and of nothing else', () => {
    const { store, said } = createStore();
    store.put('x', 'a1', '1');
    store.put('x', 'a2', '2');
    store.put('x', 'b', '3');
    store.remove('x', '4');
    store.remove('x', '5');
    expect(said).toEqual(['- a1 1', 'a1 b 3', 'b - 4']);
  });

  test('keeps the object it has when the new one says the same, so that nothing is kept twice', () => {
    const { store } = createStore();
    store.put('x', 'a1', '1');
    store.put('x', 'a2', '2');
    expect(store.get('x')).toBe('a1');
  });

  test('shows everything in the middle of a relist, each object once', () => {
    const { store, said, content } = filled();
    store.beginRelist();
    store.put('x', 'one', '3');
    expect(content()).toEqual(['one', 'two']);
    expect(store.size()).toBe(2);
    expect(store.get('y')).toBe('two');
    expect(said).toEqual([]);
  });

  test('forgets at the end of a relist what the relist did not meet', () => {
    const { store, said, content } = filled();
    store.beginRelist();
    store.put('y', 'two', '3');
    store.endRelist('4');
    expect(content()).toEqual(['two']);
    expect(said).toEqual(['one - 4']);
  });

  test('has told of each object that is gone by the time that it shows it no more', () => {
    const sizes: number[] = [];
    const store: Store<string> = new Store({ isSame: Object.is, onChange: () => sizes.push(store.size()) });
    store.put('x', 'one', '1');
    store.put('y', 'two', '2');
    store.beginRelist();
    store.endRelist('3');
    expect(sizes).toEqual([1, 2, 1, 0]);
  });

  test('confirms nothing that only an abandoned relist met', () => {
    const { store, content } = filled();
    store.beginRelist();
    store.put('x', 'one', '3');
    store.beginRelist();
    expect(content()).toEqual(['one', 'two']);
    store.put('y', 'two', '4');
    store.endRelist('5');
    expect(content()).toEqual(['two']);
  });

  test('takes a deletion in the middle of a relist', () => {
    const { store, said, content } = filled();
    store.beginRelist();
    store.remove('x', '3');
    store.endRelist('4');
    expect(said).toEqual(['one - 3', 'two - 4']);
    expect(content()).toEqual([]);
  });

  test('does not take a revised object for one that the relist met', () => {
    const { store, said, content } = filled();
    store.beginRelist();
    store.put('x', 'one', '3');
    store.revise('x', 'six', '2');
    store.revise('y', 'ten', '2');
    store.revise('z', 'never seen', '2');
    expect(content()).toEqual(['six', 'two']);
    store.revise('y', 'nine', '2');
    store.endRelist('4');
    expect(content()).toEqual(['six']);
    expect(said).toEqual(['one six 2', 'two nine 2', 'nine - 4']);
  });

  test('ends a relist that never began without a change', () => {
    const { store, content, said } = filled();
    store.endRelist('3');
    expect(content()).toEqual(['one', 'two']);
    expect(said).toEqual([]);
  });
});
