import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { connectControlPlane } from '../controlplane/connect.ts';
import { createSnapshotObjects } from '../support/gpugate-on-cluster.ts';
import { installWithSecret, type GpugateWithSecret } from '../support/gpugate-with-secret.ts';
import { newName, tenantPod } from './tenant.ts';

const cluster = connectControlPlane(inject('controlPlane'));
const namespace = 'gpugate-system';
const secretPath = `/api/v1/namespaces/${namespace}/secrets/gpugate-certificates`;
const kinds = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'] as const;
const pathOf = (kind: string) => `/apis/admissionregistration.k8s.io/v1/${kind}/gpugate`;
const pollMs = 50;
const deadlineMs = 40_000;

let gpugate: GpugateWithSecret;
beforeAll(async () => {
  await createSnapshotObjects(cluster);
  gpugate = await installWithSecret(cluster, { namespace, replicas: 2, serveFlags: ['--drain-spread', '0s'] });
});
afterAll(async () => {
  await gpugate.uninstall();
  await cluster.kubectl(['delete', 'pods', '--all', '-n', 'proj-a', '--force', '--grace-period=0']);
});

type Secret = { metadata: { uid: string }; data: Record<string, string> };
type Configuration = { webhooks: { name: string; clientConfig: { caBundle?: string } }[] };

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const end = performance.now() + deadlineMs; ; await sleep(pollMs)) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`not seen: ${what}`);
  }
}

const readSecret = async (): Promise<Secret | undefined> => {
  const { status, body } = await cluster.request('GET', secretPath);
  return status === 200 ? (body as Secret) : undefined;
};
const readBundles = async (): Promise<string[]> => {
  const read = await Promise.all(kinds.map((kind) => cluster.request('GET', pathOf(kind))));
  return read.flatMap(({ body }) =>
    (body as Configuration).webhooks.map(({ clientConfig }) =>
      Buffer.from(clientConfig.caBundle ?? '', 'base64').toString(),
    ),
  );
};
const pemOf = (secret: Secret, key: string): string => Buffer.from(secret.data[key] ?? '', 'base64').toString();
const authorityOf = (secret: Secret): string =>
  pemOf(secret, 'ca.crt').split(/(?<=-----END CERTIFICATE-----\n)/)[0] ?? '';

/** The leaf of each replica, as a client that trusts what is installed now gets it over a new connection. */
const served = async (): Promise<X509Certificate[]> => {
  const bundles = [...new Set(await readBundles())];
  const connections = gpugate.replicas.flatMap(({ port }) => bundles.map((ca) => ({ port, ca })));
  return Promise.all(
    connections.map(async ({ port, ca }) => {
      const socket = connect({ host: '127.0.0.1', port, ca });
      await once(socket, 'secureConnect');
      const leaf = socket.getPeerX509Certificate();
      socket.destroy();
      if (leaf === undefined) throw new Error('no certificate');
      return leaf;
    }),
  );
};

/** A pod with a GPU: it passes gpu.validate, which fails closed, or it is refused. */
const admit = async (): Promise<void> => {
  const pod = tenantPod({ name: newName() });
  const { status, body } = await cluster.request('POST', '/api/v1/namespaces/proj-a/pods?dryRun=All', pod);
  expect([status, (body as { message?: string }).message]).toEqual([201, undefined]);
};

describe('a fresh installation', () => {
  test('has a Secret and filled caBundles, and an admission passes', async () => {
    const secret = await until('the Secret', readSecret);
    expect(Object.keys(secret.data).toSorted()).toEqual(['ca.crt', 'ca.key', 'tls.crt', 'tls.key']);
    await until('filled caBundles', async () =>
      (await readBundles()).every((pem) => pem === pemOf(secret, 'ca.crt')) ? true : undefined,
    );
    await admit();
  });
});

describe('a caBundle that somebody emptied', () => {
  test.each(kinds)('is filled again (%s)', async (kind) => {
    const secret = await until('the Secret', readSecret);
    const patch = [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }];
    const headers = { 'content-type': 'application/json-patch+json' };
    expect((await cluster.request('PATCH', pathOf(kind), patch, headers)).status).toBe(200);
    await until('filled caBundles', async () =>
      (await readBundles()).every((pem) => pem === pemOf(secret, 'ca.crt')) ? true : undefined,
    );
    await until('an admission', async () =>
      admit().then(
        () => true,
        () => undefined,
      ),
    );
  });
});

describe('a Secret that somebody deleted', () => {
  test('comes back with another authority, and no admission fails meanwhile', async () => {
    const before = await until('the Secret', readSecret);
    const leaves = await served();
    expect((await cluster.request('DELETE', secretPath)).status).toBe(200);
    const over = new AbortController();
    let admissions = 0;
    const admitting = [1, 2].map(async () => {
      for (; !over.signal.aborted; admissions++) await admit();
    });
    try {
      const secret = await until('another Secret', async () => {
        const found = await readSecret();
        return found !== undefined && found.metadata.uid !== before.metadata.uid ? found : undefined;
      });
      expect(authorityOf(secret)).not.toBe(authorityOf(before));
      const authority = new X509Certificate(authorityOf(secret));
      await until('leaves of the new authority', async () =>
        (await served()).every((leaf) => leaf.verify(authority.publicKey)) ? true : undefined,
      );
      // Both are trusted: for a day, the old one may be of use to somebody.
      for (const pem of await readBundles()) {
        expect(pem).toContain(authorityOf(secret));
        expect(pem).toContain(authorityOf(before));
      }
      const beforehand = admissions;
      await until('admissions with the new leaf', async () => (admissions > beforehand + 20 ? true : undefined));
    } finally {
      over.abort();
      await Promise.all(admitting);
    }
    expect((await served()).map(({ fingerprint }) => fingerprint)).not.toContain(leaves[0]?.fingerprint);
  });

  test('shows in the metrics of each replica: what is installed trusts what is served', async () => {
    for (const { opsPort } of gpugate.replicas) {
      const metrics = await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text();
      expect(metrics).toContain('gpugate_ca_bundle_trusted{configuration="mutating"} 1');
      expect(metrics).toContain('gpugate_ca_bundle_trusted{configuration="validating"} 1');
      for (const certificate of ['ca', 'serving', 'installed']) {
        expect(metrics).toMatch(
          new RegExp(`gpugate_certificate_expiry_timestamp_seconds\\{certificate="${certificate}"\\} \\d{10}`),
        );
      }
    }
  });
});
