import { X509Certificate } from 'node:crypto';
import { generate } from 'selfsigned';
import { describe, expect, test } from 'vitest';
import { trimAfterMs } from '../../src/controller/certificate-keeper.ts';
import { certificatesOf } from '../../src/controller/certificate-secret.ts';
import { issueAuthority } from '../../src/tls/issue-certificates.ts';
import { giveUpAfterMs, settleMs } from '../../src/tls/rotation.ts';
import { certificatesIn } from '../../src/tls/trust.ts';
import { bundlesIn, CertificateWorld, isCrash, lives, type Key } from './certificate-world.ts';

const tickMs = 20_000;

/** A cluster with both configurations, as they are applied: their caBundles are empty. */
function setUp({ replicas = 3, ...lag }: { replicas?: number; lagMs?: number } = {}) {
  const world = new CertificateWorld();
  world.configure('mutating');
  world.configure('validating');
  for (let i = 0; i < replicas; i++) world.addReplica();
  let keeper = world.keeper();
  const tick = async (ms = tickMs): Promise<void> => {
    world.time += ms;
    keeper.sync();
    try {
      await keeper.look();
    } catch (error) {
      if (!isCrash(error)) throw error;
      world.crash = undefined;
      keeper = world.keeper();
    }
    expect(world.cutOff(lag)).toEqual([]);
    // Replicas hear of it one after the other.
    for (const replica of world.replicas) {
      await replica.sync();
      expect(world.cutOff(lag)).toEqual([]);
    }
  };
  const until = async (isReached: () => boolean, maxTicks = 1000): Promise<void> => {
    for (let ticks = 0; !isReached(); ticks++) {
      if (ticks > maxTicks) throw new Error(`not reached after ${maxTicks} ticks`);
      await tick();
    }
  };
  const stored = () => certificatesOf(world.objects.secret);
  const head = () => certificatesIn(stored()?.caCert ?? '')[0]?.fingerprint256;
  const authorities = (key: Key) =>
    bundlesIn(world.objects[key]).map((pem) => certificatesIn(pem).map((one) => one.fingerprint256));
  /** Nothing of an older authority is left anywhere. */
  const isSettled = () =>
    [...authorities('mutating'), ...authorities('validating')].every(
      (found) => found.length === 1 && found[0] === head(),
    ) && world.replicas.every(({ cert }) => cert === stored()?.cert && isSignedByHead(cert, stored()?.caCert));
  return { world, tick, until, stored, head, authorities, isSettled, log: () => keeper.log.entries };
}

function isSignedByHead(cert: string | undefined, ca: string | undefined): boolean {
  const [authority, ...others] = certificatesIn(ca ?? '');
  if (cert === undefined || authority === undefined) return false;
  return others.length === 0 && new X509Certificate(cert).verify(authority.publicKey);
}

type World = ReturnType<typeof setUp>;

const installation = ['create secret', 'patch mutating', 'patch validating'];
const successor = ['replace secret', 'patch mutating', 'patch validating'];
const newLeaf = ['replace secret'];
const retirement = ['replace secret', 'patch mutating', 'patch validating'];

/** What happens to an installation that works, and the writes by which it is settled again. */
const rotations: Record<string, { begin: (it: World) => Promise<void>; writes: readonly string[]; after?: number }> = {
  'the authority is due': {
    begin: async ({ world, until, head }) => {
      const before = head();
      await until(() => head() !== before);
      // All that came before: leaves that were due.
      world.writes.splice(0, world.writes.lastIndexOf('replace secret'));
    },
    writes: [...successor, ...newLeaf, ...retirement],
    // The leaves that are renewed before.
    after: 3,
  },
  'the Secret is deleted': {
    begin: ({ world }) => Promise.resolve(world.put('secret', undefined)),
    writes: [...installation, ...newLeaf, ...retirement],
  },
  'the key of the authority is lost': {
    begin: ({ world, stored }) => Promise.resolve(damage(world, 'ca.key', stored()?.key ?? '')),
    writes: [...successor, ...newLeaf, ...retirement],
  },
  'somebody puts an authority there that gpugate cannot sign with': {
    begin: async ({ world }) => {
      const rsa = await generate([{ name: 'commonName', value: 'somebody' }], {
        keyType: 'rsa',
        algorithm: 'sha256',
        notBeforeDate: new Date(world.start),
        notAfterDate: new Date(world.wallClock() + 10 * lives.authorityLifeMs),
        extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
      });
      damage(world, 'ca.crt', rsa.cert);
      damage(world, 'ca.key', rsa.private);
    },
    writes: [...successor, ...newLeaf, ...retirement],
  },
  'the whole Secret is emptied': {
    begin: ({ world }) => Promise.resolve(world.put('secret', { ...world.objects.secret, data: {} })),
    writes: [...successor, ...newLeaf, ...retirement],
  },
};

/** What cert-manager's injector, or somebody like it, keeps: the leader does not touch it. */
function injectByOthers(world: CertificateWorld, key: 'mutating' | 'validating', pem: string): void {
  const annotations = { 'cert-manager.io/inject-ca-from': 'a/b' };
  world.configure(key, Buffer.from(pem).toString('base64'), annotations);
}

function damage(world: CertificateWorld, key: string, text: string): void {
  const { secret } = world.objects;
  const data = { ...(secret?.['data'] as object), [key]: Buffer.from(text).toString('base64') };
  world.put('secret', { ...secret, data });
}

describe('a first start', () => {
  test('makes the Secret, fills every caBundle, and has every replica serve', async () => {
    const { world, tick, isSettled } = setUp();
    await tick();
    expect(world.writes).toEqual(installation);
    expect(isSettled()).toBe(true);
    expect(world.objects.secret).toMatchObject({
      kind: 'Secret',
      type: 'kubernetes.io/tls',
      metadata: { name: 'gpugate-certificates', namespace: 'gpugate-system' },
    });
  });

  test('writes nothing more afterwards, and nothing but the caBundles of our own webhooks', async () => {
    const { world, tick } = setUp();
    await tick();
    for (let i = 0; i < 20; i++) await tick();
    expect(world.writes).toEqual(installation);
    expect(world.objects.mutating).toMatchObject({
      metadata: { name: 'gpugate' },
      webhooks: [
        { name: 'a.gpugate.dev', timeoutSeconds: 5 },
        { name: 'b.gpugate.dev', timeoutSeconds: 5 },
        { name: 'other', clientConfig: { caBundle: 'b3RoZXI=' } },
      ],
    });
  });

  test('needs no configuration; those that come later are filled', async () => {
    const { world, tick, isSettled } = setUp();
    world.put('mutating', undefined);
    world.put('validating', undefined);
    await tick();
    expect(world.writes).toEqual(['create secret']);
    world.configure('validating');
    await tick();
    world.configure('mutating');
    await tick();
    expect(world.writes).toEqual(['create secret', 'patch validating', 'patch mutating']);
    expect(isSettled()).toBe(true);
  });

  test('beside caBundles of another authority keeps it until its leaves are gone', async () => {
    const other = setUp();
    await other.tick();
    const { world, tick, until, isSettled, authorities } = setUp();
    const [pem = ''] = bundlesIn(other.world.objects.mutating);
    for (const key of ['mutating', 'validating'] as const) world.configure(key, Buffer.from(pem).toString('base64'));
    await tick();
    expect(authorities('mutating').map(({ length }) => length)).toEqual([2, 2]);
    expect(world.replicas.map(({ cert }) => cert)).toEqual([undefined, undefined, undefined]);
    await until(isSettled);
  });

  test.each([1, 2, 3])('that crashes beside write %i is finished by the next leader', async (write) => {
    for (const when of ['before', 'after'] as const) {
      const { world, until, isSettled } = setUp();
      world.crash = { write, when };
      await until(isSettled);
      expect([when, world.crash]).toEqual([when, undefined]);
    }
  });
});

describe.each(Object.entries(rotations))('when %s', (_name, { begin, writes, after = 0 }) => {
  const beginRotation = async () => {
    const it = setUp();
    await it.until(it.isSettled);
    it.world.writes.length = 0;
    await begin(it);
    return it;
  };

  test('every step comes in its order, and nobody is cut off at any time', async () => {
    const { world, tick, until, isSettled } = await beginRotation();
    await tick();
    await until(isSettled);
    expect(world.writes).toEqual(writes);
  });

  const crashes = writes.flatMap((write, index) =>
    (['before', 'after'] as const).map((when) => ({ crash: `${when} write ${index + 1} (${write})`, index, when })),
  );
  test.each(crashes)('a leader that crashes $crash is succeeded by one that finishes', async ({ index, when }) => {
    const it = setUp();
    await it.until(it.isSettled);
    it.world.crash = { write: it.world.writes.length + after + index + 1, when };
    const before = it.head();
    if (after === 0) await begin(it);
    await it.until(() => it.world.crash === undefined);
    await it.until(() => it.head() !== before && it.isSettled());
    expect(it.world.writes.slice(installation.length + after)).toEqual(writes);
  });
});

describe('the new leaf', () => {
  test('comes only when both configurations have had its authority for a while', async () => {
    const { world, tick, stored } = setUp();
    await tick();
    const before = world.replicas.map(({ cert }) => cert);
    world.put('secret', undefined);
    await tick(1000);
    const changedAt = world.time;
    expect(stored()?.cert).toBe('');
    for (let i = 0; stored()?.cert === '' && i < 60; i++) {
      expect(world.replicas.map(({ cert }) => cert)).toEqual(before);
      await tick(1000);
    }
    expect(world.time - changedAt).toBe(settleMs);
  });

  test('waits while a configuration does not take its authority, and then comes for those that start: others serve on', async () => {
    const { world, tick, stored, authorities, log } = setUp();
    await tick();
    const [before] = world.replicas.map(({ cert }) => cert);
    injectByOthers(world, 'mutating', bundlesIn(world.objects.mutating)[0] ?? '');
    world.put('secret', undefined);
    await tick();
    for (const end = world.time + giveUpAfterMs - tickMs; world.time < end;) {
      await tick();
      expect(stored()?.cert).toBe('');
    }
    for (let i = 0; i < 10; i++) await tick();
    const late = world.addReplica();
    await late.sync();
    expect([stored()?.cert === '', late.cert === stored()?.cert]).toEqual([false, true]);
    expect(world.replicas.slice(0, 3).map(({ cert }) => cert)).toEqual([before, before, before]);
    expect(authorities('mutating').map(({ length }) => length)).toEqual([1, 1]);
    expect(authorities('validating').map(({ length }) => length)).toEqual([2, 2]);
    expect(await late.trusted()).toEqual({ mutating: 0, validating: 1 });
    expect(log().filter(({ message }) => message.startsWith('no longer waiting for a caBundle'))).toHaveLength(1);
  });

  test('is served at the latest when the old one ends, though a configuration never took its authority', async () => {
    const { world, tick, stored } = setUp();
    await tick();
    injectByOthers(world, 'mutating', bundlesIn(world.objects.mutating)[0] ?? '');
    world.put('secret', undefined);
    const keeper = world.keeper();
    const cutOff = new Set<string | undefined>();
    for (const end = world.time + 2 * lives.servingLifeMs; world.time < end; world.time += tickMs) {
      keeper.sync();
      await keeper.look();
      for (const replica of world.replicas) await replica.sync();
      for (const one of world.cutOff()) cutOff.add(one.split(' ')[0]);
    }
    expect(world.replicas.map(({ cert }) => cert === stored()?.cert)).toEqual([true, true, true]);
    expect([...cutOff]).toEqual(['mutating']);
  });

  test('is there at a first start beside a configuration of strangers', async () => {
    const { world, tick, stored } = setUp({ replicas: 0 });
    const other = await issueAuthority({ now: world.start, lifeMs: lives.authorityLifeMs });
    injectByOthers(world, 'mutating', other.cert);
    for (let i = 0; i * tickMs < giveUpAfterMs + tickMs; i++) {
      expect(stored()?.cert ?? '').toBe('');
      await tick();
    }
    await tick();
    expect(stored()?.cert).not.toBe('');
  });

  test('of the same authority waits for nothing', async () => {
    const { world, until, stored, authorities } = setUp();
    await until(() => stored() !== undefined);
    const before = stored()?.cert;
    const bundles = authorities('mutating');
    await until(() => stored()?.cert !== before);
    expect(authorities('mutating')).toEqual(bundles);
    expect(world.time).toBeLessThan(lives.servingLifeMs);
  });
});

describe('a caBundle that somebody else keeps, with an authority that is not ours', () => {
  test('stops no renewal: the other configuration is served on', async () => {
    const { world, tick, stored } = setUp({ replicas: 1 });
    await tick();
    const before = stored()?.cert;
    const other = await issueAuthority({ now: world.wallClock(), lifeMs: lives.authorityLifeMs });
    injectByOthers(world, 'validating', other.cert);
    const keeper = world.keeper();
    const cutOff = new Set<string | undefined>();
    for (const end = world.time + lives.servingLifeMs; world.time < end; world.time += tickMs) {
      keeper.sync();
      await keeper.look();
      await world.replicas[0]?.sync();
      for (const one of world.cutOff()) cutOff.add(one.split(' ')[0]);
    }
    expect(stored()?.cert).not.toBe(before);
    expect([...cutOff]).toEqual(['validating']);
  });
});

describe('an authority that is due while somebody else keeps a caBundle with another', () => {
  test('has its successor half-way between that and its end, and every leaf stays valid', async () => {
    const { world, tick, head, stored, log } = setUp({ replicas: 1 });
    await tick();
    const before = head();
    const other = await issueAuthority({ now: world.wallClock(), lifeMs: 10 * lives.authorityLifeMs });
    injectByOthers(world, 'validating', other.cert);
    const keeper = world.keeper();
    const { authorityLifeMs } = lives;
    let changedAt: number | undefined;
    const cutOff = new Set<string | undefined>();
    for (; world.time < 2 * authorityLifeMs; world.time += tickMs) {
      keeper.sync();
      await keeper.look();
      await world.replicas[0]?.sync();
      if (head() !== before) changedAt ??= world.time;
      for (const one of world.cutOff()) cutOff.add(one.split(' ')[0]);
    }
    expect(changedAt).toBeGreaterThan((authorityLifeMs * 2) / 3);
    expect(changedAt).toBeLessThan((authorityLifeMs * 5) / 6 + 2 * tickMs);
    expect([...cutOff]).toEqual(['validating']);
    expect(world.replicas[0]?.cert).toBe(stored()?.cert);
    expect([...log(), ...keeper.log.entries].map(({ message }) => message)).toContainEqual(
      expect.stringContaining('no longer waiting for a caBundle'),
    );
  });
});

describe('self-repair', () => {
  test.each(['mutating', 'validating'] as const)('an emptied caBundle (%s) is filled again', async (key) => {
    const { world, tick, isSettled } = setUp();
    await tick();
    world.configure(key);
    await tick();
    expect(isSettled()).toBe(true);
  });

  test('a caBundle with a stranger’s authority gets ours beside it at once, and loses it later', async () => {
    const other = setUp();
    await other.tick();
    const { world, tick, until, authorities, isSettled } = setUp({ replicas: 0 });
    await tick();
    world.configure('mutating', Buffer.from(bundlesIn(other.world.objects.mutating)[0] ?? '').toString('base64'));
    await tick();
    expect(authorities('mutating').map(({ length }) => length)).toEqual([2, 2]);
    const repairedAt = world.time;
    await until(isSettled);
    expect(world.time - repairedAt).toBe(trimAfterMs);
  });

  test('a caBundle that cert-manager keeps is not touched', async () => {
    const { world, tick } = setUp();
    world.configure('mutating', '', { 'cert-manager.io/inject-ca-from': 'gpugate-system/gpugate' });
    await tick();
    expect(world.writes).toEqual(['create secret', 'patch validating']);
  });

  test('a Secret that is put back from an old copy cuts off nobody, but where an API server lags', async () => {
    const { world, tick, until, isSettled } = setUp({ lagMs: 0 });
    await until(isSettled);
    const copy = world.objects.secret;
    world.put('secret', undefined);
    await tick();
    await until(isSettled);
    const { resourceVersion: _, ...metadata } = (copy?.['metadata'] ?? {}) as Record<string, unknown>;
    world.put('secret', { ...copy, metadata });
    await tick();
    await until(isSettled);
  });

  test.each([
    ['tls.key', 'nonsense'],
    ['tls.crt', ''],
  ])(
    'a leaf that is damaged (%s) is issued again, and all that others put into the Secret stays',
    async (key, text) => {
      const { world, tick, isSettled } = setUp();
      await tick();
      damage(world, 'note', 'mine');
      damage(world, key, text);
      for (let i = 0; i < 4; i++) await tick();
      expect(isSettled()).toBe(true);
      expect(world.objects.secret).toMatchObject({ data: { note: Buffer.from('mine').toString('base64') } });
    },
  );
});

describe('two that believe to lead', () => {
  test('of first starts that meet, one Secret comes out', async () => {
    const { world, tick, isSettled } = setUp();
    const second = world.keeper();
    world.beforeRequest = async (request) => {
      if (request !== 'create secret') return;
      world.beforeRequest = () => Promise.resolve();
      await second.look();
    };
    await tick();
    expect(world.writes).toEqual(installation);
    expect(isSettled()).toBe(true);
  });
});
