import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createRecordingLog } from '../support/recording-log.ts';
import { createFileSource } from '../../src/tls/file-source.ts';
import { issueAuthority, issueServingCertificate } from '../../src/tls/issue-certificates.ts';
import { isAlive, serve, shakeHands } from './handshake.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const day = 24 * 60 * 60 * 1000;

async function issuer() {
  const now = Date.now();
  const authority = await issueAuthority({ now, lifeMs: 100 * day });
  const leaf = (at: number = now) =>
    issueServingCertificate({
      authority,
      authorityNotAfter: now + 100 * day,
      names: ['127.0.0.1'],
      now: at,
      lifeMs: 10 * day,
    });
  return { now, ca: authority.cert, leaf };
}

async function setUp() {
  const directory = await temporaryDirectory();
  const { now, ca, leaf } = await issuer();
  const clock = { time: now };
  const log = createRecordingLog();
  const metrics = createMetrics({ version: 'test', processMetrics: false });
  const certFile = join(directory, 'tls.crt');
  const keyFile = join(directory, 'tls.key');
  const write = async ({ cert, key }: { cert: string; key: string }) => {
    await writeFile(certFile, cert);
    await writeFile(keyFile, key);
  };
  const start = () => createFileSource({ certFile, keyFile, log, metrics, clock: () => clock.time });
  return { directory, ca, leaf, clock, log, metrics, certFile, keyFile, write, start };
}

describe('at the start', () => {
  test('the pair of the files is served', async () => {
    const { write, leaf, start, ca } = await setUp();
    await write(await leaf());
    expect((await shakeHands(await serve(await start()), ca)).authorized).toBe(true);
  });

  test('the expiry of an authority that is given is shown', async () => {
    const { directory, write, leaf, ca, log, metrics, certFile, keyFile } = await setUp();
    await write(await leaf());
    const caFile = join(directory, 'ca.crt');
    await writeFile(caFile, ca);
    const source = await createFileSource({ certFile, keyFile, caFile, log, metrics });
    expect(source.current().ca).toBe(ca);
    expect((await metrics.expose()).body).toContain('{certificate="ca"}');
  });

  const others: Readonly<Record<string, (ca: string) => Promise<string | undefined>>> = {
    'is not there': () => Promise.resolve(undefined),
    'is of somebody else': async () => (await issuer()).ca,
    'is nonsense': () => Promise.resolve('nonsense'),
  };
  test.each(Object.entries(others))('a file of authorities that %s shows none, and stops nothing', async (_, make) => {
    const { directory, write, leaf, ca, log, metrics, certFile, keyFile } = await setUp();
    await write(await leaf());
    const caFile = join(directory, 'ca.crt');
    const text = await make(ca);
    if (text !== undefined) await writeFile(caFile, text);
    const source = await createFileSource({ certFile, keyFile, caFile, log, metrics });
    expect((await metrics.expose()).body).not.toContain('{certificate="ca"}');
    await writeFile(caFile, `${(await issuer()).ca}${ca}`);
    expect(await source.reload()).toEqual({ kind: 'changed' });
    const notAfter = new X509Certificate(ca).validToDate.getTime() / 1000;
    expect((await metrics.expose()).body).toContain(`{certificate="ca"} ${notAfter}`);
  });

  test('problems are sentences that name the files', async () => {
    const { write, leaf, start, certFile, keyFile, clock } = await setUp();
    await expect(start()).rejects.toThrow(/^the certificate files cannot be read: ENOENT/);
    const [one, other] = [await leaf(), await leaf()];
    await write({ cert: one.cert, key: other.key });
    await expect(start()).rejects.toThrow(
      `${certFile} and ${keyFile} cannot be used: the key does not belong to the certificate.`,
    );
    await write({ cert: 'nonsense', key: one.key });
    await expect(start()).rejects.toThrow(
      `${certFile} and ${keyFile} cannot be used: there is no PEM certificate in it.`,
    );
    await write({ cert: one.cert, key: 'nonsense' });
    await expect(start()).rejects.toThrow(/the key cannot be read/);
    await write(one);
    clock.time += 11 * day;
    await expect(start()).rejects.toThrow(/tls\.crt cannot be used: it expired at .*, it is .* now\.$/);
    clock.time -= 22 * day;
    await expect(start()).rejects.toThrow(/tls\.crt cannot be used: it is not valid before .*: check the clock\.$/);
  });
});

describe('a reload', () => {
  test('of the same files changes nothing', async () => {
    const { write, leaf, start } = await setUp();
    await write(await leaf());
    const source = await start();
    expect(await source.reload()).toEqual({ kind: 'unchanged' });
  });

  test('serves a new pair to new connections and keeps the old ones', async () => {
    const { write, leaf, start, ca } = await setUp();
    await write(await leaf());
    const source = await start();
    const port = await serve(source);
    const before = await shakeHands(port, ca);
    const next = await leaf();
    await write(next);
    expect(await source.reload()).toEqual({ kind: 'changed' });
    expect(await isAlive(before)).toBe(true);
    expect((await shakeHands(port, ca)).getPeerX509Certificate()?.toString().trim()).toBe(next.cert.trim());
  });

  test('keeps the last good pair while the files are broken, reports each problem, and recovers', async () => {
    const { write, leaf, start, ca, certFile, keyFile, log, clock } = await setUp();
    const good = await leaf();
    await write(good);
    const source = await start();
    const port = await serve(source);
    const next = await leaf();
    const expired = await leaf(clock.time - 50 * day);
    const broken: readonly (() => Promise<void>)[] = [
      () => writeFile(certFile, next.cert),
      () => writeFile(certFile, next.cert.slice(0, 200)),
      () => rm(certFile),
      () => write({ cert: next.cert, key: '' }),
      () => write(expired),
      () => rm(keyFile),
    ];
    for (const breakFiles of broken) {
      await breakFiles();
      const reloaded = await source.reload();
      expect(reloaded).toEqual({ kind: 'failed', problem: expect.stringMatching(/\.$/) });
      expect(source.current().cert).toBe(good.cert);
      expect((await shakeHands(port, ca)).authorized).toBe(true);
      await write(good);
    }
    expect(log.entries.filter(({ level }) => level === 'error')).toHaveLength(broken.length);
    await write(next);
    expect(await source.reload()).toEqual({ kind: 'changed' });
    expect(source.current().cert).toBe(next.cert);
  });

  test('follows the kubelet, which swaps a symbolic link', async () => {
    const { directory, leaf, log, metrics } = await setUp();
    const volume = async (name: string) => {
      await mkdir(join(directory, name));
      const { cert, key } = await leaf();
      await writeFile(join(directory, name, 'tls.crt'), cert);
      await writeFile(join(directory, name, 'tls.key'), key);
    };
    await volume('..1');
    await symlink('..1', join(directory, '..data'));
    await symlink('..data/tls.crt', join(directory, 'cert'));
    await symlink('..data/tls.key', join(directory, 'key'));
    const source = await createFileSource({
      certFile: join(directory, 'cert'),
      keyFile: join(directory, 'key'),
      log,
      metrics,
    });
    await volume('..2');
    await symlink('..2', join(directory, '..data_tmp'));
    await rename(join(directory, '..data_tmp'), join(directory, '..data'));
    await rm(join(directory, '..1'), { recursive: true });
    expect(await source.reload()).toEqual({ kind: 'changed' });
    expect(source.current().cert).toBe(await readFile(join(directory, '..2', 'tls.crt'), 'utf8'));
  });

  test('says so when the certificate in force expires and no new one came', async () => {
    const { write, leaf, start, clock } = await setUp();
    await write(await leaf());
    const source = await start();
    clock.time += 11 * day;
    expect(await source.reload()).toEqual({ kind: 'failed', problem: expect.stringContaining('it expired at') });
  });
});
