import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Body, BodyBudget } from '../../src/http/body.ts';

const mebibyte = 1024 * 1024;

function collect(body: Body, chunks: readonly Buffer[], expected = 0): boolean {
  return chunks.every((chunk) => body.add(chunk, expected));
}

describe('a body', () => {
  test('of one chunk is that very chunk', () => {
    const chunk = Buffer.from('review');
    const body = new Body(new BodyBudget(mebibyte));
    body.add(chunk, chunk.length);
    expect(body.bytes()).toBe(chunk);
  });

  test('is the same bytes in whatever chunks it comes, and gives back what it took', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 5000 })), fc.boolean(), (parts, isAnnounced) => {
        const budget = new BodyBudget(mebibyte);
        const body = new Body(budget);
        const whole = Buffer.concat(parts);
        expect(
          collect(
            body,
            parts.map((part) => Buffer.from(part)),
            isAnnounced ? whole.length : 0,
          ),
        ).toBe(true);
        expect(body.bytes().equals(whole)).toBe(true);
        body.release();
        expect(budget.heldBytes).toBe(0);
      }),
    );
  });

  test('of a million single bytes holds at most twice its length', () => {
    const budget = new BodyBudget(64 * mebibyte);
    const body = new Body(budget);
    const one = Buffer.from('x');
    for (let i = 0; i < mebibyte; i++) body.add(one, 0);
    expect(body.length).toBe(mebibyte);
    expect(budget.heldBytes).toBeLessThanOrEqual(2 * mebibyte);
  });

  test('that announces 7 MiB and sends a little takes a little', () => {
    const budget = new BodyBudget(64 * mebibyte);
    const body = new Body(budget);
    collect(body, [Buffer.alloc(1000), Buffer.alloc(1000)], 7 * mebibyte);
    expect(budget.heldBytes).toBe(16 * 1024);
  });
});

describe('the budget', () => {
  test('refuses what would exceed it, and serves again once bodies are released', () => {
    const budget = new BodyBudget(100);
    const first = new Body(budget);
    const second = new Body(budget);
    expect(first.add(Buffer.alloc(80), 0)).toBe(true);
    expect(second.add(Buffer.alloc(30), 0)).toBe(false);
    first.release();
    expect(second.add(Buffer.alloc(30), 0)).toBe(true);
    expect(budget.heldBytes).toBe(30);
  });

  test('is not charged by a body released twice', () => {
    const budget = new BodyBudget(100);
    const body = new Body(budget);
    body.add(Buffer.alloc(80), 0);
    body.release();
    body.release();
    expect(budget.heldBytes).toBe(0);
  });
});
