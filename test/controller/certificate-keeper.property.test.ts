import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bundlesIn, CertificateWorld, isCrash, type Key } from './certificate-world.ts';

/**
 * Three replicas that see what is stored late, and two keepers that both believe to lead, see it late as well, look in
 * the middle of each other's requests, and die beside any write; people who delete and damage what they find.
 */

/** A watch shows what happened within this; a server that hears nothing for longer is no longer Ready. */
const maxLagMs = 20_000;

type Configuration = 'mutating' | 'validating';
type Action =
  | { do: 'pass'; ms: number }
  | { do: 'sync replica' | 'sync keeper' | 'look' | 'replace keeper'; which: number }
  | { do: 'look amid the other'; which: number; request: number }
  | { do: 'crash'; which: number; write: number; when: 'before' | 'after' }
  | { do: 'delete the Secret' | 'empty the Secret' }
  | { do: 'damage'; key: 'ca.key' | 'tls.key' | 'tls.crt' }
  | { do: 'empty' | 'remove'; configuration: Configuration };

const which = fc.nat({ max: 2 });
const configuration = fc.constantFrom<Configuration>('mutating', 'validating');
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 100, max: 60_000 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 60_000, max: 600_000 }) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('sync replica' as const, 'sync keeper' as const), which }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('look' as const), which }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('look amid the other' as const), which, request: fc.nat({ max: 10 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('replace keeper' as const), which }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('crash' as const),
      which,
      write: fc.integer({ min: 1, max: 3 }),
      when: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('delete the Secret' as const, 'empty the Secret' as const) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('damage' as const),
      key: fc.constantFrom('ca.key' as const, 'tls.key' as const, 'tls.crt' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('empty' as const, 'remove' as const), configuration }) },
);

async function play(actions: readonly Action[]): Promise<void> {
  const world = new CertificateWorld();
  world.configure('mutating');
  world.configure('validating');
  for (let i = 0; i < 3; i++) world.addReplica();
  const keepers = [world.keeper(), world.keeper()];
  const check = (): void => expect(world.cutOff({ lagMs: 0 })).toEqual([]);
  const look = async (index: number): Promise<void> => {
    try {
      await keepers[index]?.look();
    } catch (error) {
      if (!isCrash(error)) throw error;
      keepers[index] = world.keeper();
    }
    world.crash = undefined;
  };
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= maxLagMs) {
      world.time += Math.min(left, maxLagMs);
      for (const replica of world.replicas) {
        if (world.time - replica.syncedAt >= maxLagMs) await replica.sync();
      }
      keepers[0]?.sync();
      if (left > maxLagMs) await look(0);
      check();
    }
  };
  const isFilled = (key: Configuration): boolean => bundlesIn(world.objects[key]).some((pem) => pem !== '');
  const secret = (data: object): void => world.put('secret', { ...world.objects.secret, data });
  const other = (key: Configuration): Configuration => (key === 'mutating' ? 'validating' : 'mutating');

  const take = async (one: Action): Promise<void> => {
    switch (one.do) {
      case 'pass':
        return pass(one.ms);
      case 'sync replica':
        return world.replicas[one.which]?.sync();
      case 'sync keeper':
        return keepers[one.which % 2]?.sync();
      case 'look':
        return look(one.which % 2);
      case 'look amid the other': {
        let requests = 0;
        world.beforeRequest = async () => {
          if (requests++ !== one.request) return;
          keepers[(one.which + 1) % 2]?.sync();
          await look((one.which + 1) % 2);
          check();
        };
        await look(one.which % 2);
        world.beforeRequest = () => Promise.resolve();
        return;
      }
      case 'replace keeper':
        keepers[one.which % 2] = world.keeper();
        return;
      case 'crash':
        world.crash = { write: world.writes.length + one.write, when: one.when };
        return look(one.which % 2);
      // Whoever takes everything away at once leaves nothing to tell whom clients trust.
      case 'delete the Secret':
        if (isFilled('mutating') || isFilled('validating')) world.put('secret', undefined);
        return;
      case 'empty the Secret':
        if (isFilled('mutating') || isFilled('validating')) secret({});
        return;
      case 'damage':
        secret({ ...(world.objects.secret?.['data'] as object), [one.key]: '' });
        return;
      case 'empty':
        if (isFilled(other(one.configuration))) world.configure(one.configuration);
        return;
      case 'remove':
        if (isFilled(other(one.configuration))) world.put(one.configuration, undefined);
        return;
    }
  };

  await look(0);
  for (const replica of world.replicas) await replica.sync();
  for (const one of actions) {
    await take(one);
    check();
  }
  // Left alone, and with both configurations there, everything is in order again.
  for (const key of ['mutating', 'validating'] as const satisfies Key[]) {
    if (world.objects[key] === undefined) world.configure(key);
  }
  await pass(20 * maxLagMs);
  await pass(20 * maxLagMs);
  const certs = new Set(world.replicas.map(({ cert }) => cert));
  expect(certs.size).toBe(1);
  expect(certs.has(undefined)).toBe(false);
  for (const key of ['mutating', 'validating'] as const) {
    expect(bundlesIn(world.objects[key]).every((pem) => pem !== '')).toBe(true);
  }
}

test('whatever happens in whatever order, a client that trusts what is installed can connect to every replica', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 25 }), async (actions) => {
      await play(actions);
    }),
    { numRuns: 60 },
  );
});
