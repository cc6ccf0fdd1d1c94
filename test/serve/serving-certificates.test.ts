import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { openCertificates } from '../../src/serve/serving-certificates.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { issueAuthority, issueServingCertificate } from '../../src/tls/issue-certificates.ts';
import { createRecordingLog } from '../support/recording-log.ts';

const day = 24 * 60 * 60 * 1000;

/** A Secret as cert-manager writes it, mounted. */
async function mounted() {
  const directory = await mkdtemp(join(tmpdir(), 'gpugate-mounted-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const now = Date.now();
  const authority = await issueAuthority({ now, lifeMs: 100 * day });
  const leaf = await issueServingCertificate({
    authority,
    authorityNotAfter: now + 100 * day,
    names: ['gpugate.gpugate-system.svc'],
    now,
    lifeMs: 10 * day,
  });
  const files = { 'tls.crt': leaf.cert, 'tls.key': leaf.key, 'ca.crt': authority.cert };
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  return { directory, authority: new X509Certificate(authority.cert) };
}

test('certificates of cert-manager show when their authority expires, which is in the same Secret', async () => {
  const { directory, authority } = await mounted();
  const metrics = createMetrics({ version: 'test', processMetrics: false });
  const flags = { tlsCert: join(directory, 'tls.crt'), tlsKey: join(directory, 'tls.key') };
  const config = loadConfig({ flags, environment: {} });
  const context = { log: createRecordingLog(), metrics, live: undefined, environment: {} };
  const { source, stop } = await openCertificates(config, context);
  onTestFinished(stop);
  expect(new X509Certificate(source.current().ca ?? '').fingerprint256).toBe(authority.fingerprint256);
  expect((await metrics.expose()).body).toContain(
    `gpugate_certificate_expiry_timestamp_seconds{certificate="ca"} ${authority.validToDate.getTime() / 1000}`,
  );
});
