import { describe, expect, test } from 'vitest';
import type { PodLife } from './etcd-pods.ts';
import { unjustifiedDenials, type Attempt } from './unjustified-denials.ts';

const attempt = (key: string, outcome: Attempt['outcome'], startedAt: number, endedAt: number): Attempt => ({
  key,
  outcome,
  startedAt,
  endedAt,
  message: '',
});
const denial = attempt('n/late', 'denied', 1000, 1010);

type Case = { attempts?: Attempt[]; lives?: PodLife[]; isUnjustified: boolean };

const cases: Record<string, Case> = {
  'with nobody there': { isUnjustified: true },
  'while a pod lives': { lives: [{ key: 'n/a', createdAt: 0, goneAt: undefined }], isUnjustified: false },
  'long after a pod went': { lives: [{ key: 'n/a', createdAt: 0, goneAt: 900 }], isUnjustified: true },
  'shortly after a pod went': { lives: [{ key: 'n/a', createdAt: 0, goneAt: 960 }], isUnjustified: false },
  'shortly before a pod came': { lives: [{ key: 'n/a', createdAt: 1050, goneAt: undefined }], isUnjustified: false },
  'long before a pod came': { lives: [{ key: 'n/a', createdAt: 1070, goneAt: undefined }], isUnjustified: true },
  'while a pod is being created': {
    attempts: [attempt('n/a', 'created', 1005, 1200)],
    lives: [{ key: 'n/a', createdAt: 1190, goneAt: undefined }],
    isUnjustified: false,
  },
  'after the client heard that the pod is gone, before etcd told': {
    attempts: [{ ...attempt('n/a', 'created', 0, 10), deletedAt: 900 }],
    lives: [{ key: 'n/a', createdAt: 5, goneAt: 990 }],
    isUnjustified: true,
  },
  'after a create of which nobody knows what came': {
    attempts: [attempt('n/a', 'failed', 0, 10)],
    isUnjustified: false,
  },
  'beside another denial': { attempts: [attempt('n/a', 'denied', 1000, 1010)], isUnjustified: true },
};

describe('a denial at a limit of one', () => {
  test.each(Object.entries(cases))('%s', (_, { attempts = [], lives = [], isUnjustified }) => {
    const found = unjustifiedDenials([...attempts, denial], new Map(lives.map((life) => [life.key, life])), 1);
    expect(found.includes(denial)).toBe(isUnjustified);
  });
});

test('two pods that never lived at once leave room at a limit of two', () => {
  const lives: PodLife[] = [
    { key: 'n/a', createdAt: 0, goneAt: 1002 },
    { key: 'n/b', createdAt: 1004, goneAt: undefined },
  ];
  expect(unjustifiedDenials([denial], new Map(lives.map((life) => [life.key, life])), 2)).toEqual([denial]);
});
