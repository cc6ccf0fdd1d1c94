import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { issueAuthority, issueServingCertificate } from '../../src/tls/issue-certificates.ts';
import { isForNames } from '../../src/tls/trust.ts';
import { renewAt } from '../../src/tls/validity.ts';

const day = 24 * 60 * 60 * 1000;

async function issueFor(names: readonly string[]): Promise<X509Certificate> {
  const now = Date.now();
  const authority = await issueAuthority({ now, lifeMs: day });
  const { cert } = await issueServingCertificate({ authority, names, now, lifeMs: day, authorityNotAfter: now + day });
  return new X509Certificate(cert);
}

describe('a certificate is for its names', () => {
  const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.svc.cluster.local`;
  test.each([
    [['gpugate.gpugate.svc']],
    [['gpugate.gpugate.svc', 'gpugate.gpugate.svc.cluster.local', 'localhost']],
    [['*.gpugate.svc']],
    [['127.0.0.1', '::1', '2001:db8::1', 'fe80::1:2']],
    [[long]],
  ])('%j', async (names) => {
    const certificate = await issueFor(names);
    expect(isForNames(certificate, names)).toBe(true);
    expect(isForNames(certificate, names.toReversed())).toBe(true);
    expect(isForNames(certificate, [...names, 'more.svc'])).toBe(false);
    expect(isForNames(certificate, names.slice(1))).toBe(false);
    expect(isForNames(certificate, ['other.svc', ...names.slice(1)])).toBe(false);
  });
});

test('the authority may sign leaves and nothing else', async () => {
  const { cert } = await issueAuthority({ now: Date.now(), lifeMs: day });
  const authority = new X509Certificate(cert);
  expect(authority.ca).toBe(true);
  expect(authority.checkIssued(authority)).toBe(true);
  expect(authority.subject).toMatch(/^CN=gpugate-ca-\d{4}-/);
});

test('renewal is due after two thirds of a life', () => {
  expect(renewAt({ notBefore: 1000, notAfter: 4000 })).toBe(3000);
});
