import { beforeAll, describe, expect, test } from 'vitest';
import type { RawObject } from '../../src/cluster/client/client.ts';
import { InstalledBundles } from '../../src/controller/installed-bundles.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { issueAuthority, issueServingCertificate } from '../../src/tls/issue-certificates.ts';
import type { KeyPair } from '../../src/tls/key-pair.ts';
import { createRecordingLog } from '../support/recording-log.ts';

const now = Date.parse('2026-03-01T00:00:00Z');
const day = 24 * 60 * 60 * 1000;
const names = ['gpugate.gpugate-system.svc', '127.0.0.1', '::1'];

let ours: KeyPair;
let other: KeyPair;
let leaf: string;
beforeAll(async () => {
  ours = await issueAuthority({ now, lifeMs: 10 * day });
  other = await issueAuthority({ now, lifeMs: 99 * day });
  const options = { authority: ours, authorityNotAfter: now + 10 * day, names, now, lifeMs: day };
  leaf = (await issueServingCertificate(options)).cert;
});

const service = { namespace: 'gpugate-system', name: 'gpugate' };
const webhook = (pem: string, where: object = { service }, name = 'x') => ({
  name,
  clientConfig: { ...where, caBundle: Buffer.from(pem).toString('base64') },
});

/** What metrics and log say of such webhooks; undefined where there is no configuration. */
async function check(webhooks: readonly object[] | undefined) {
  const log = createRecordingLog();
  const metrics = createMetrics({ version: 'test', processMetrics: false });
  const object: RawObject | undefined = webhooks && { metadata: { name: 'gpugate' }, webhooks };
  const installed = new InstalledBundles({
    configurations: { mutating: { newest: () => object } },
    names,
    log,
    metrics,
  });
  installed.check(leaf);
  installed.check(leaf);
  const { body } = await metrics.expose();
  const value = (sample: string) =>
    body
      .split('\n')
      .find((line) => line.startsWith(`${sample} `))
      ?.split(' ')[1];
  return {
    trusts: installed.trusts(leaf),
    trusted: value('gpugate_ca_bundle_trusted{configuration="mutating"}'),
    expiryDay:
      (Number(value('gpugate_certificate_expiry_timestamp_seconds{certificate="installed"}')) * 1000 - now) / day,
    said: log.entries.map(({ message }) => message),
  };
}

describe('what is installed', () => {
  const distrusted = ['a caBundle does not trust the serving certificate'];

  test('trusts the leaf until the authority that signed it expires', async () => {
    const bundle = other.cert + ours.cert;
    expect(await check([webhook(bundle)])).toEqual({ trusts: true, trusted: '1', expiryDay: 10, said: [] });
    expect(await check([webhook(bundle, { url: 'https://127.0.0.1:8443/x' })])).toMatchObject({ trusted: '1' });
    expect(await check([webhook(bundle, { url: 'https://[::1]:8443/x' })])).toMatchObject({ trusted: '1' });
  });

  test('does not trust it where one bundle lacks its authority', async () => {
    const found = await check([webhook(ours.cert), webhook(other.cert)]);
    expect(found).toEqual({ trusts: false, trusted: '0', expiryDay: 10, said: distrusted });
  });

  test('cuts nobody off where a bundle is empty, and is told as a fault all the same', async () => {
    expect(await check([webhook('')])).toEqual({ trusts: true, trusted: '0', expiryDay: NaN, said: distrusted });
    expect(await check([webhook('nonsense')])).toMatchObject({ trusts: true, trusted: '0' });
  });

  test('says nothing of webhooks that call somebody else', async () => {
    const elsewhere = { service: { namespace: 'elsewhere', name: 'gpugate' } };
    const said = ['no webhook of the configuration calls this server by one of its names'];
    expect(await check([webhook(other.cert, elsewhere)])).toEqual({
      trusts: true,
      trusted: undefined,
      expiryDay: NaN,
      said,
    });
  });

  test('that is missing is no fault, and is told once', async () => {
    const said = ['gpugate has no webhook configuration yet'];
    expect(await check(undefined)).toEqual({ trusts: true, trusted: undefined, expiryDay: NaN, said });
  });
});
