import { describe, expect, test } from 'vitest';
import { createVirtualClock } from '../../support/virtual-clock.ts';
import { FollowedStore } from './followed-store.ts';
import { ModelServer, type Fault } from './model-server.ts';

/** Three objects, of which a list reads two a page. */
function follow(...faults: Fault[]) {
  const clock = createVirtualClock();
  const server = new ModelServer(clock, () => 0.5);
  for (const name of ['a', 'b', 'c']) server.put(name, 0);
  for (const fault of faults) server.faults.add(fault);
  const followed = new FollowedStore(server, clock, 2);
  return { ...clock, server, followed, said: followed.said, staleness: () => followed.reflector.stalenessMs() };
}

describe('a reflector', () => {
  test('lists, watches, and follows every change', async () => {
    const { server, followed, said, advance } = follow();
    await advance(1000);
    await followed.reflector.synced;
    server.put('a', 1);
    server.delete('b');
    server.put('d', 2);
    await advance(10);
    expect([...followed.content]).toEqual([
      ['a', 1],
      ['c', 0],
      ['d', 2],
    ]);
    expect(followed.reflector.resourceVersion).toBe('7');
    expect(said).toEqual(['relisted', 'watch started']);
    await followed.stop();
  });

  test('tells the sink of each step forward, which needs no telemetry', async () => {
    const { server, followed, advance } = follow();
    await advance(1000);
    server.put('a', 1);
    server.delete('b');
    await advance(10);
    expect(followed.steps).toEqual(['list 4', 'event 5', 'event 6']);
    await followed.stop();
  });

  test('lists again before it watches when that was wanted in the middle of a list', async () => {
    const { followed, said, advance } = follow();
    await advance(12);
    followed.reflector.relist();
    await advance(1000);
    expect(said).toEqual(['relisted', 'relisted', 'watch started']);
    await followed.stop();
  });

  test('lists again when whoever waited for the first list wants it at once', async () => {
    const { followed, said, advance } = follow();
    const wish = followed.reflector.synced.then(() => followed.reflector.relist());
    await advance(1000);
    await wish;
    expect(said).toEqual(['relisted', 'relisted', 'watch started']);
    await followed.stop();
  });

  test('ends a watch for a relist, and takes that for no failure', async () => {
    const { followed, said, advance } = follow();
    await advance(1000);
    followed.reflector.relist();
    await advance(1000);
    expect(said).toEqual(['relisted', 'watch started', 'relisted', 'watch started']);
    await followed.stop();
  });

  test('rests behind what it reads of a relist for as long as that took, unless somebody waits for it', async () => {
    const { followed, said, pauses, advance } = follow();
    await advance(1000);
    const relist = async () => {
      const before = pauses.length;
      followed.reflector.relist();
      await advance(1000);
      // The watchdog of the next watch sleeps too, for much longer.
      return pauses.slice(before).filter((ms) => ms < 1000);
    };
    // The server takes two fives for a page, and nothing for a piece, which is one object.
    const [page, firstPiece, nextPiece, asLongAsThePage] = [[5, 5], 10, 0, 20];
    const watch = 5;
    expect(await relist()).toEqual([...page, firstPiece, nextPiece, asLongAsThePage, ...page, firstPiece, watch]);
    followed.isAwaited = true;
    expect(await relist()).toEqual([5, 5, 5, 5, 5]);
    expect(said.filter((line) => line === 'relisted')).toHaveLength(3);
    await followed.stop();
  });

  test.each([
    { latencyMs: 9_000, rest: 'a tenth of a second at most', pauses: [9_000, 9_000, 100] },
    { latencyMs: 11_000, rest: 'not at all once it is 20 s old', pauses: [11_000, 11_000, 22_000] },
  ])('keeps a page waiting for $rest', async ({ latencyMs, pauses: expected }) => {
    const { server, followed, pauses, advance } = follow();
    await advance(1000);
    server.latencyMs = latencyMs;
    const before = pauses.length;
    followed.reflector.relist();
    await advance(latencyMs * 2);
    expect(pauses.slice(before)).toEqual(expected);
    await followed.stop();
  });

  test('goes on at once with a page when somebody begins to wait for it', async () => {
    const { followed, pauses, advance } = follow();
    await advance(1000);
    followed.reflector.relist();
    await advance(10);
    followed.isAwaited = true;
    const before = pauses.length;
    await advance(1000);
    const watch = 5;
    expect(pauses.slice(before).filter((ms) => ms < 1000)).toEqual([5, 5, watch]);
    await followed.stop();
  });

  test('rests no more once a relist takes so long that the view grows old', async () => {
    const { server, followed, pauses, advance } = follow();
    for (const name of ['d', 'e']) server.put(name, 0);
    await advance(1000);
    server.latencyMs = 20_000;
    const before = pauses.length;
    followed.reflector.relist();
    await advance(200_000);
    // Three pages of 40 s: only behind the first one.
    expect(pauses.slice(before).filter((ms) => ms === 40_000)).toHaveLength(1);
    await followed.stop();
  });

  test('lists anew at once when the version is gone, and waits only when that did not help', async () => {
    const { server, followed, said, advance } = follow();
    await advance(1000);
    server.endWatches('gone');
    await advance(100);
    expect(said).toEqual(['relisted', 'watch started', 'relisted', 'watch started']);
    server.endWatches('gone');
    await advance(799);
    expect(said.slice(4)).toEqual(['failed: the watch ended: too old']);
    await advance(100);
    expect(said.slice(5)).toEqual(['relisted', 'watch started', 'recovered']);
    await followed.stop();
  });

  test('goes on where it was when a watch is cut, and lists nothing', async () => {
    const { server, followed, said, advance } = follow();
    await advance(1000);
    server.endWatches('cut');
    server.put('a', 5);
    await advance(1000);
    expect(said).toEqual(['relisted', 'watch started', 'failed: aborted', 'watch started', 'recovered']);
    expect(followed.content.get('a')).toBe(5);
    await followed.stop();
  });

  test('says once that it fails, and waits longer each time', async () => {
    const { followed, said, advance, pauses } = follow('list 500');
    await advance(120_000);
    expect(said).toEqual(['failed: etcdserver: request timed out']);
    expect(pauses.filter((ms) => ms > 100)).toEqual([800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 30_000]);
    await followed.stop();
  });

  test('begins with short pauses again when a watch has lived for ten seconds', async () => {
    const { server, followed, advance, pauses } = follow('list 500');
    await advance(30_000);
    server.faults.clear();
    await advance(50_000);
    server.endWatches('cut');
    await advance(1000);
    expect(pauses.filter((ms) => ms > 100 && ms < 95_000).slice(-2)).toEqual([25_600, 800]);
    await followed.stop();
  });

  test('ends a watch that is silent for 95 s, and sees what it missed', async () => {
    const { server, followed, said, advance } = follow();
    await advance(1000);
    server.freezeWatches();
    server.put('a', 5);
    await advance(94_000);
    expect(followed.content.get('a')).toBe(0);
    await advance(100);
    expect(followed.content.get('a')).toBe(5);
    expect(said).toEqual(['relisted', 'watch started', 'watch started']);
    await followed.stop();
  });

  test('keeps what it showed last while the API server refuses everything', async () => {
    const { server, followed, advance } = follow();
    await advance(1000);
    server.faults.add('list 500').add('watch 403');
    server.compact();
    server.endWatches('gone');
    server.delete('a');
    await advance(300_000);
    expect(followed.content.size).toBe(3);
    await followed.stop();
  });
});

describe('its staleness', () => {
  test('is endless before the first list is complete, however many pages there are', async () => {
    const { followed, advance, staleness } = follow('page 500');
    await advance(60_000);
    expect(followed.content.size).toBe(2);
    expect(staleness()).toBe(Number.POSITIVE_INFINITY);
    await followed.stop();
  });

  test('counts from the last event, bookmarks among them', async () => {
    const { server, followed, advance, staleness } = follow();
    await advance(20_000);
    server.bookmark();
    await advance(10_000);
    expect(staleness()).toBe(10_000);
    server.put('a', 3);
    await advance(3000);
    expect(staleness()).toBe(3000);
    await followed.stop();
  });

  test('counts from the beginning of a list, whose pages are all of that time', async () => {
    const { followed, advance, staleness } = follow('watch 403');
    // Two pages, asked and answered in 5 ms each.
    await advance(20);
    expect(staleness()).toBe(20);
    await followed.stop();
  });

  test.each<[string, Fault]>([
    ['refuses every watch', 'watch 403'],
    ['takes every watch and sends but an error', 'fault'],
    ['takes every watch and ends it at once', 'end'],
  ])('grows while the API server %s', async (_, fault) => {
    const { server, followed, advance, staleness } = follow();
    await advance(10_000);
    server.faults.add(fault);
    server.endWatches('cut');
    await advance(300_000);
    expect(staleness()).toBeGreaterThan(290_000);
    await followed.stop();
  });
});
