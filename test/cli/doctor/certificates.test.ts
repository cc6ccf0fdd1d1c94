import { beforeAll, describe, expect, test } from 'vitest';
import { certificates } from '../../../src/cli/doctor/checks/certificates.ts';
import { issueAuthority, issueServingCertificate } from '../../../src/tls/issue-certificates.ts';
import type { KeyPair } from '../../../src/tls/key-pair.ts';
import { contextOf, fakeCluster, findingsOf, now, type Answers } from './fake-cluster.ts';

const hour = 60 * 60 * 1000;
const host = 'gpugate.gpugate-system.svc';
const secretPath = (name: string) => `/api/v1/namespaces/gpugate-system/secrets/${name}`;
const own = secretPath('gpugate-certificates');
const group = '/apis/admissionregistration.k8s.io/v1';

const leafOf = (authority: KeyPair, options: { lifeMs?: number; name?: string; now?: number } = {}) =>
  issueServingCertificate({
    authority,
    names: [options.name ?? host],
    now: options.now ?? now,
    lifeMs: options.lifeMs ?? 30 * hour,
    authorityNotAfter: now + 300 * hour,
  });

let ca: KeyPair;
let other: KeyPair;
let oldCa: KeyPair;
let leaf: KeyPair;
beforeAll(async () => {
  ca = await issueAuthority({ now, lifeMs: 300 * hour });
  other = await issueAuthority({ now, lifeMs: 300 * hour });
  oldCa = await issueAuthority({ now: now - 300 * hour, lifeMs: 299 * hour });
  leaf = await leafOf(ca);
});

const base64 = (text: string) => Buffer.from(text).toString('base64');
const secretOf = ({ cert, key }: KeyPair, caCert = ca.cert) => ({
  data: { 'ca.crt': base64(caCert), 'ca.key': base64('unread'), 'tls.crt': base64(cert), 'tls.key': base64(key) },
});
const installed = (...pems: string[]): Answers => ({
  [`${group}/validatingwebhookconfigurations`]: {
    items: [
      {
        metadata: { name: 'gpugate' },
        webhooks: ['gpu.validate', 'pods.validate'].map((id, i) => ({
          name: `${id}.gpugate.dev`,
          clientConfig: { caBundle: base64(pems[i] ?? pems[0] ?? '') },
        })),
      },
      { metadata: { name: 'other' }, webhooks: [{ name: 'x.example', clientConfig: { caBundle: base64('x') } }] },
    ],
  },
});

const which = 'Secret gpugate-certificates in gpugate-system';
const leafIsFine = `ok: ${which}: tls.crt: valid until 2026-01-03T06:00:00.000Z`;
const caIsFine = `ok: ${which}: ca.crt: valid until 2026-01-14T12:00:00.000Z`;

type Case = readonly [answers: () => Answers | Promise<Answers>, says: readonly string[]];

const table: Readonly<Record<string, Case>> = {
  'that all fits': [() => ({ [own]: secretOf(leaf), ...installed(ca.cert) }), [leafIsFine, caIsFine]],
  'a rotation half-way: both authorities are installed': [
    () => ({ [own]: secretOf(leaf), ...installed(other.cert + ca.cert) }),
    [leafIsFine, caIsFine],
  ],
  'nothing in an empty caBundle, of which reach tells': [
    () => ({ [own]: secretOf(leaf), ...installed(ca.cert, 'rubbish') }),
    [leafIsFine, caIsFine],
  ],
  'that the Secret is gone': [() => installed(ca.cert), [`problem: ${which}: does not exist`]],
  'that it may not be read': [() => ({ [own]: 403 }), [`skipped: ${which}: you may not read it`]],
  'a certificate that is missing': [
    () => ({ [own]: { data: {} } }),
    [`problem: ${which}: tls.crt cannot be served: there is no PEM certificate in it`],
  ],
  'a key of another certificate': [
    () => ({ [own]: secretOf({ cert: leaf.cert, key: other.key }), ...installed(ca.cert) }),
    [`problem: ${which}: tls.crt cannot be served: the key does not belong to the certificate`],
  ],
  'a certificate for another name': [
    async () => ({ [own]: secretOf(await leafOf(ca, { name: 'x.y.svc' })), ...installed(ca.cert) }),
    [leafIsFine, `problem: ${which}: tls.crt is not for ${host}`, caIsFine],
  ],
  'a certificate that has expired': [
    async () => ({ [own]: secretOf(await leafOf(ca, { now: now - 2 * hour, lifeMs: hour })), ...installed(ca.cert) }),
    [
      `problem: ${which}: tls.crt: it expired at 2026-01-01T23:00:00.000Z, it is 2026-01-02T00:00:00.000Z now`,
      caIsFine,
    ],
  ],
  'a certificate that is due for renewal': [
    async () => ({
      [own]: secretOf(await leafOf(ca, { now: now - 3 * hour, lifeMs: 4 * hour })),
      ...installed(ca.cert),
    }),
    [`warning: ${which}: tls.crt: valid until 2026-01-02T01:00:00.000Z, and due for renewal`, caIsFine],
  ],
  'an authority that is missing': [
    () => ({ [own]: secretOf(leaf, ''), ...installed(ca.cert) }),
    [leafIsFine, `problem: ${which}: ca.crt cannot sign: there is no PEM certificate in it`],
  ],
  'an authority that is not installed': [
    () => ({ [own]: secretOf(leaf, other.cert + ca.cert), ...installed(ca.cert) }),
    [
      leafIsFine,
      caIsFine,
      `warning: ${which}: its CA is not in the caBundle of gpu.validate.gpugate.dev, pods.validate.gpugate.dev`,
    ],
  ],
  'a caBundle of another authority': [
    () => ({ [own]: secretOf(leaf), ...installed(ca.cert, other.cert) }),
    [
      leafIsFine,
      caIsFine,
      `warning: ${which}: its CA is not in the caBundle of pods.validate.gpugate.dev`,
      'problem: pods.validate.gpugate.dev: its caBundle does not trust the certificate in the Secret',
    ],
  ],
  'a CA in a caBundle that has expired': [
    async () => ({ [own]: secretOf(await leafOf(oldCa), oldCa.cert), ...installed(oldCa.cert) }),
    [
      leafIsFine,
      `problem: ${which}: ca.crt: it expired at 2026-01-01T23:00:00.000Z, it is 2026-01-02T00:00:00.000Z now`,
      ...['gpu.validate', 'pods.validate'].map(
        (id) =>
          `problem: ${id}.gpugate.dev: the CA in its caBundle cannot be used: it expired at 2026-01-01T23:00:00.000Z, it is ` +
          '2026-01-02T00:00:00.000Z now',
      ),
    ],
  ],
};

describe('certificates sees', () => {
  test.each(Object.entries(table))('%s', async (_, [answers, says]) => {
    const context = contextOf(fakeCluster(await answers()));
    expect(await findingsOf(certificates, context)).toEqual(says);
    expect(JSON.stringify(await certificates.look(context))).not.toContain('PRIVATE');
  });

  test.each(['cert-manager', 'files'] as const)(
    'the Secret of others, whose CA is not ours to judge: %s',
    async (mode) => {
      const answers = { [secretPath('gpugate-serving')]: secretOf(leaf, ''), ...installed(ca.cert) };
      const context = contextOf(fakeCluster(answers), { certificates: mode });
      expect(await findingsOf(certificates, context)).toEqual([leafIsFine.replace('-certificates', '-serving')]);
      const without = contextOf(fakeCluster({}), { certificates: mode });
      expect(await findingsOf(certificates, without)).toEqual([
        'problem: Secret gpugate-serving in gpugate-system: does not exist',
      ]);
    },
  );
});
