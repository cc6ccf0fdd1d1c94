import { X509Certificate } from 'node:crypto';
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createRecordingLog } from '../support/recording-log.ts';
import {
  type CertificateStore,
  createCertificateDirectory,
  createMemoryStore,
} from '../../src/tls/certificate-store.ts';
import { createManagedSource, type ManagedSourceOptions } from '../../src/tls/managed-source.ts';
import { isAlive, serve, shakeHands } from './handshake.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const day = 24 * 60 * 60 * 1000;
const names = ['gpugate.gpugate.svc', '127.0.0.1', '::1'];

/** A source whose clock is moved by hand, from now on. */
async function setUp(options: Partial<ManagedSourceOptions> = {}, startsAt: number = Date.now()) {
  const clock = { time: startsAt };
  const log = createRecordingLog();
  const metrics = createMetrics({ version: 'test', processMetrics: false });
  const store = options.store ?? createMemoryStore();
  const start = (more: Partial<ManagedSourceOptions> = {}) =>
    createManagedSource({ store, names, log, metrics, clock: () => clock.time, ...options, ...more });
  const messages = () => log.entries.map(({ message }) => message);
  return { clock, log, metrics, store, start, messages, source: await start() };
}

/** What a client of that time would say that trusts only this bundle. */
function isTrusted(cert: string, bundle: string, now: number): boolean {
  const leaf = new X509Certificate(cert);
  const blocks = bundle.match(/-----BEGIN[^-]*-----[^-]*-----END[^-]*-----/g) ?? [];
  return blocks
    .map((block) => new X509Certificate(block))
    .some(
      (ca) =>
        leaf.verify(ca.publicKey) &&
        leaf.checkIssued(ca) &&
        [leaf, ca].every(({ validFromDate, validToDate }) => now >= +validFromDate && now < +validToDate),
    );
}

const authorities = (ca: string | undefined): number => ca?.match(/BEGIN CERTIFICATE/g)?.length ?? 0;

describe('the serving certificate', () => {
  test('is trusted by a client that trusts only the CA, under each of its names', async () => {
    const { source } = await setUp();
    const { ca = '' } = source.current();
    const port = await serve(source);
    expect((await shakeHands(port, ca, { servername: 'gpugate.gpugate.svc' })).authorized).toBe(true);
    expect((await shakeHands(port, ca)).authorized).toBe(true);
  });

  test('is not trusted under another name, or by a client with another CA', async () => {
    const { source } = await setUp();
    const other = await setUp();
    const port = await serve(source);
    await expect(shakeHands(port, source.current().ca ?? '', { servername: 'evil.svc' })).rejects.toThrow(/altnames/);
    await expect(shakeHands(port, other.source.current().ca ?? '')).rejects.toThrow(/certificate/);
  });

  test('is short, for servers only, signed with SHA-256 by an elliptic curve', async () => {
    const { source, clock } = await setUp();
    const leaf = new X509Certificate(source.current().cert);
    expect(leaf.ca).toBe(false);
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(leaf.publicKey.asymmetricKeyType).toBe('ec');
    expect(leaf.signatureAlgorithm).toBe('ecdsa-with-SHA256');
    expect(Math.round((source.current().notAfter - clock.time) / day)).toBe(30);
    expect(leaf.validFromDate.getTime()).toBeLessThan(clock.time - 4 * 60 * 1000);
  });

  test('never outlives its authority', async () => {
    const { source } = await setUp({ authorityLifeMs: 10 * day });
    const { notAfter, caNotAfter } = source.current();
    expect(notAfter).toBe(caNotAfter);
  });

  test('shows when it expires in the metrics', async () => {
    const { source, metrics } = await setUp();
    const { body } = await metrics.expose();
    const { notAfter, caNotAfter = 0 } = source.current();
    expect(body).toContain(`gpugate_certificate_expiry_timestamp_seconds{certificate="serving"} ${notAfter / 1000}\n`);
    expect(body).toContain(`gpugate_certificate_expiry_timestamp_seconds{certificate="ca"} ${caNotAfter / 1000}\n`);
  });
});

describe('a renewal', () => {
  test('comes after two thirds of the life, by the same authority, and is told', async () => {
    const { source, clock, messages } = await setUp();
    const first = source.current();
    const told: string[] = [];
    source.onChange(({ cert }) => told.push(cert));
    clock.time += 19 * day;
    expect(await source.reload()).toEqual({ kind: 'unchanged' });
    clock.time += 2 * day;
    expect(await source.reload()).toEqual({ kind: 'changed' });
    const second = source.current();
    expect(second.cert).not.toBe(first.cert);
    expect(second.key).not.toBe(first.key);
    expect(second.ca).toBe(first.ca);
    expect(told).toEqual([second.cert]);
    expect(messages()).toContain('a new serving certificate is in force');
  });

  test('is one when asked for many times at once', async () => {
    const { source, clock } = await setUp();
    clock.time += 21 * day;
    const results = await Promise.all([source.reload(), source.reload(), source.reload()]);
    expect(results.map(({ kind }) => kind)).toEqual(['changed', 'unchanged', 'unchanged']);
  });

  test('leaves connections alone and serves the next with the new certificate', async () => {
    // 21 days ago, so that a client of today trusts both certificates.
    const { source, clock } = await setUp({}, Date.now() - 21 * day);
    const { ca = '' } = source.current();
    const port = await serve(source);
    const before = await shakeHands(port, ca);
    clock.time += 21 * day;
    await source.reload();
    expect(await isAlive(before)).toBe(true);
    const after = await shakeHands(port, ca);
    expect(await isAlive(after)).toBe(true);
    expect(after.getPeerX509Certificate()?.toString()).toBe(source.current().cert);
    expect(before.getPeerX509Certificate()?.serialNumber).not.toBe(after.getPeerX509Certificate()?.serialNumber);
  });

  test('is no longer told to who has ended listening, and a listener that throws stops nobody', async () => {
    const { source, clock, messages } = await setUp();
    let calls = 0;
    source.onChange(() => {
      throw new Error('a bug');
    });
    const end = source.onChange(() => calls++);
    clock.time += 21 * day;
    await source.reload();
    end();
    clock.time += 21 * day;
    await source.reload();
    expect(calls).toBe(1);
    expect(messages()).toContain('a listener to certificate changes failed');
  });
});

describe('the rotation of the authority', () => {
  test('never leaves a moment in which a client that reads the bundle in time does not trust the server', async () => {
    const { source, clock } = await setUp({ authorityLifeMs: 300 * day });
    const first = source.current().ca ?? '';
    let bundle = first;
    const bundleSizes = new Set<number>();
    for (let passed = 0; passed < 1000; passed++) {
      clock.time += day;
      await source.reload();
      const { cert, ca = '' } = source.current();
      // The client still has yesterday's bundle.
      expect([isTrusted(cert, bundle, clock.time), isTrusted(cert, ca, clock.time)]).toEqual([true, true]);
      bundle = ca;
      bundleSizes.add(authorities(bundle));
    }
    expect(bundleSizes).toEqual(new Set([1, 2]));
    expect(bundle).not.toContain(first);
  });

  test('is followed by real clients, each with the bundle of its time', async () => {
    // Chosen so that everything is still valid for a client of today.
    const { source, clock } = await setUp({ authorityLifeMs: 90 * day }, Date.now() - 82 * day);
    const port = await serve(source);
    const old = source.current().ca ?? '';
    clock.time += 61 * day;
    await source.reload();
    const both = source.current().ca ?? '';
    for (const ca of [old, both]) expect((await shakeHands(port, ca)).authorized).toBe(true);
    clock.time += 21 * day;
    await source.reload();
    for (const ca of [both, source.current().ca ?? '']) expect((await shakeHands(port, ca)).authorized).toBe(true);
    await expect(shakeHands(port, old)).rejects.toThrow(/certificate/);
  });

  test('keeps the old certificate in the bundle until its last leaf is replaced', async () => {
    const { source, clock } = await setUp({ authorityLifeMs: 300 * day });
    const old = source.current().ca ?? '';
    clock.time += 201 * day;
    await source.reload();
    const { ca: both = '', cert } = source.current();
    expect([authorities(both), both.endsWith(old)]).toEqual([2, true]);
    expect(new X509Certificate(cert).verify(new X509Certificate(old).publicKey)).toBe(true);
    clock.time += 21 * day;
    await source.reload();
    const { ca: one = '' } = source.current();
    expect([authorities(one), both.startsWith(one)]).toEqual([1, true]);
  });
});

describe('a directory', () => {
  const files = ['ca.crt', 'ca.key', 'tls.crt', 'tls.key'];
  const setUpDirectory = async () => {
    const directory = join(await temporaryDirectory(), 'certs');
    const made = await setUp({ store: createCertificateDirectory(directory) });
    const path = (name: string) => join(directory, name);
    return { ...made, directory, path };
  };

  test('holds four files, keys for the owner only, and nothing else', async () => {
    const { directory, path } = await setUpDirectory();
    expect((await readdir(directory)).toSorted()).toEqual(files);
    const modes = await Promise.all(files.map(async (name) => ((await stat(path(name))).mode & 0o777).toString(8)));
    expect(modes).toEqual(['644', '600', '644', '600']);
  });

  test('is used again by the next start, without a word', async () => {
    const { source, start, log } = await setUpDirectory();
    const said = log.entries.length;
    const again = await start();
    expect(again.current()).toEqual(source.current());
    expect(log.entries).toHaveLength(said);
  });

  const damages: Record<string, { file: string; content: (old: string) => string; keepsAuthority: boolean }> = {
    'a serving certificate cut in half': { file: 'tls.crt', content: (old) => old.slice(0, 300), keepsAuthority: true },
    'an empty serving certificate': { file: 'tls.crt', content: () => '', keepsAuthority: true },
    'a serving key of nonsense': { file: 'tls.key', content: () => 'nonsense', keepsAuthority: true },
    'a flipped byte in the serving certificate': {
      file: 'tls.crt',
      content: (old) => old.slice(0, 200) + (old[200] === 'A' ? 'B' : 'A') + old.slice(201),
      keepsAuthority: true,
    },
    'an authority cut in half': { file: 'ca.crt', content: (old) => old.slice(0, 300), keepsAuthority: false },
    'an authority key of nonsense': { file: 'ca.key', content: () => 'nonsense', keepsAuthority: false },
  };
  describe.each(Object.entries(damages))('with %s', (_name, { file, content, keepsAuthority }) => {
    test('starts with what had to be issued again, and says why', async () => {
      const { source, start, path, log } = await setUpDirectory();
      const { ca: before = '' } = source.current();
      await writeFile(path(file), content(await readFile(path(file), 'utf8')));
      const said = log.entries.length;
      const again = await start();
      const port = await serve(again);
      expect((await shakeHands(port, again.current().ca ?? '')).authorized).toBe(true);
      expect(again.current().ca === before).toBe(keepsAuthority);
      const what = keepsAuthority ? 'issuing a serving certificate' : 'issuing an authority';
      const line = log.entries.slice(said).find(({ message }) => message === what);
      expect(line?.fields['why']).toEqual(expect.any(String));
    });

    test('is repaired under way, and every client still trusts the server', async () => {
      const { source, path } = await setUpDirectory();
      const before = source.current();
      const text = await readFile(path(file), 'utf8');
      await writeFile(path(file), content(text));
      expect(await source.reload()).toEqual({ kind: 'unchanged' });
      expect(source.current()).toEqual(before);
      expect(await readFile(path(file), 'utf8')).toBe(text);
    });
  });

  test('whose key is another certificate’s is issued again', async () => {
    const { start, path } = await setUpDirectory();
    const other = await setUpDirectory();
    await writeFile(path('tls.key'), await readFile(other.path('tls.key')));
    const again = await start();
    await expect(shakeHands(await serve(again), again.current().ca ?? '')).resolves.toBeDefined();
  });

  test('whose leaf another authority signed is issued again', async () => {
    const { start, path, log } = await setUpDirectory();
    const other = await setUpDirectory();
    await writeFile(path('tls.key'), await readFile(other.path('tls.key')));
    await writeFile(path('tls.crt'), await readFile(other.path('tls.crt')));
    await start();
    expect(log.entries.at(-1)?.fields['why']).toBe('it is not signed by the authority');
  });

  test('whose authority key is lost keeps the old certificate in the bundle while its leaf lives', async () => {
    const { source, start, path } = await setUpDirectory();
    const { ca: before = '', cert } = source.current();
    await writeFile(path('ca.key'), 'nonsense');
    const { ca = '', cert: after } = (await start()).current();
    expect(after).toBe(cert);
    expect([authorities(ca), ca.endsWith(before)]).toEqual([2, true]);
  });

  test('that was emptied under way is filled again with what is in force', async () => {
    const { source, directory, path, messages } = await setUpDirectory();
    const before = source.current();
    await Promise.all(files.map((name) => rm(path(name))));
    expect(await source.reload()).toEqual({ kind: 'unchanged' });
    expect(source.current()).toEqual(before);
    expect((await readdir(directory)).toSorted()).toEqual(files);
    expect(messages()).toContain('the stored certificates are damaged: writing those in force');
  });

  test('that another process renewed is followed', async () => {
    const { source, start, clock } = await setUpDirectory();
    const told: string[] = [];
    source.onChange(({ cert }) => told.push(cert));
    clock.time += 21 * day;
    const other = await start();
    expect(await source.reload()).toEqual({ kind: 'changed' });
    expect(source.current()).toEqual(other.current());
    expect(told).toEqual([other.current().cert]);
  });

  test('for other names is issued again by the same authority', async () => {
    const { source, start, log } = await setUpDirectory();
    const { ca } = source.current();
    const more = await start({ names: [...names, 'localhost'] });
    expect(more.current().ca).toBe(ca);
    expect((await shakeHands(await serve(more), ca ?? '', { servername: 'localhost' })).authorized).toBe(true);
    expect(log.entries.some(({ fields }) => String(fields['why']).startsWith('it is for other names'))).toBe(true);
  });

  test('whose certificates have expired, or are not valid yet, is issued again', async () => {
    const { source, start, clock, log } = await setUpDirectory();
    clock.time += 10 * 365 * day;
    await start();
    expect(log.entries.some(({ fields }) => String(fields['why']).startsWith('it expired at '))).toBe(true);
    clock.time -= 5 * 365 * day;
    const back = await start();
    expect(log.entries.some(({ fields }) => String(fields['why']).includes('check the clock'))).toBe(true);
    expect(back.current().cert).not.toBe(source.current().cert);
  });
});

describe('a store that cannot be written', () => {
  test('fails the start with a sentence that says what to do', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'file'), '');
    const store = createCertificateDirectory(join(directory, 'file', 'certs'));
    await expect(setUp({ store })).rejects.toThrow(
      /^cannot (read|write) .*: make (it readable, or remove it|the directory writable, or keep certificates in memory only)\.$/,
    );
  });

  test('does not stop a renewal: the new certificate is served from memory, and the problem is reported', async () => {
    const memory = createMemoryStore();
    let isBroken = false;
    const store: CertificateStore = {
      ...memory,
      save: (certificates) => (isBroken ? Promise.reject(new Error('read-only')) : memory.save(certificates)),
    };
    const { source, clock } = await setUp({ store });
    const before = source.current();
    isBroken = true;
    clock.time += 21 * day;
    expect(await source.reload()).toEqual({ kind: 'failed', problem: 'read-only' });
    const renewed = source.current();
    expect(renewed.cert).not.toBe(before.cert);
    expect((await source.reload()).kind).toBe('failed');
    expect(source.current()).toEqual(renewed);
    isBroken = false;
    expect(await source.reload()).toEqual({ kind: 'unchanged' });
    expect((await memory.load())?.cert).toBe(renewed.cert);
  });

  test('is no reason to fail later when it can only be read', async () => {
    const directory = join(await temporaryDirectory(), 'certs');
    const store = createCertificateDirectory(directory);
    const { start } = await setUp({ store });
    await chmod(directory, 0o500);
    await expect(start()).resolves.toBeDefined();
  });
});
