import { expect, test } from 'vitest';
import { Routes } from '../../src/http/routes.ts';
import { approve } from './in-memory-server.ts';

const routes = new Routes(new Map([['/validate/gpu', approve]]));

test('a target is found by its path, and keeps the time that its own query gives', () => {
  expect(routes.find('/validate/gpu')).toEqual({ handle: approve, decisionTimeMs: 9500 });
  expect(routes.find('/validate/gpu?timeout=5s')).toEqual({ handle: approve, decisionTimeMs: 4500 });
  expect(routes.find('/validate/gpu?timeout=1s')).toEqual({ handle: approve, decisionTimeMs: 900 });
  expect(routes.find('/validate/gpu?timeout=5s')).toBe(routes.find('/validate/gpu?timeout=5s'));
});

test.each([
  '',
  '/',
  '/validate',
  '/validate/gpu/',
  '/validate/gpu#a',
  '//validate/gpu',
  '?timeout=5s',
  '*',
  '/__proto__',
])('%j is no admission path', (target) => {
  expect(routes.find(target)).toBeUndefined();
});

test('ten thousand different queries are all answered, and only so many are remembered', () => {
  const targets = Array.from({ length: 10_000 }, (_, i) => `/validate/gpu?timeout=2s&x=${i}`);
  expect(targets.every((target) => routes.find(target)?.decisionTimeMs === 1800)).toBe(true);
  const remembered = targets.filter((target) => routes.find(target) === routes.find(target));
  expect(remembered.length).toBeLessThanOrEqual(256);
});
