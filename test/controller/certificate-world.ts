import { X509Certificate } from 'node:crypto';
import jsonPatch from 'fast-json-patch';
import type { NamedObject } from '../../src/cluster/watch/named-object.ts';
import type { RawObject } from '../../src/cluster/client/client.ts';
import { CertificateKeeper } from '../../src/controller/certificate-keeper.ts';
import { certificatesOf } from '../../src/controller/certificate-secret.ts';
import { InstalledBundles } from '../../src/controller/installed-bundles.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import type { CertificateSource } from '../../src/tls/certificate-source.ts';
import { createFollowedSource } from '../../src/tls/followed-source.ts';
import { certificatesIn, signerOf } from '../../src/tls/trust.ts';
import { createRecordingLog } from '../support/recording-log.ts';

export const names = ['gpugate.gpugate-system.svc'];
const minute = 60_000;

/** Short, so that a rotation of everything takes an hour of virtual time: the old authority is trusted for 400 s more. */
export const lives = { authorityLifeMs: 60 * minute, servingLifeMs: 20 * minute };

const keys = ['secret', 'mutating', 'validating'] as const;
export type Key = (typeof keys)[number];
type Objects = Partial<Record<Key, RawObject>>;

/** API servers use a caBundle for so long after it was replaced, at the worst. */
const apiServerLagMs = 5000;

class Crash extends Error {}

/** An API server with three objects, on virtual time. */
export class CertificateWorld {
  time = 0;
  /** `create secret`, `patch mutating`, ... in order. */
  readonly writes: string[] = [];
  readonly replicas: Replica[] = [];
  /** Called before each request of a keeper. */
  beforeRequest: (request: string) => Promise<void> = () => Promise.resolve();
  /** The keeper dies before or after the write of that number, counted from 1. */
  crash: { readonly write: number; readonly when: 'before' | 'after' } | undefined;
  readonly start: number;
  objects: Objects = {};
  #version = 1;
  readonly #validity = new Map<string, { readonly from: number; readonly to: number }>();
  #past: { readonly until: number; readonly objects: Objects }[] = [];

  constructor(start = Date.parse('2026-01-01T00:00:00Z')) {
    this.start = start;
  }

  readonly wallClock = (): number => this.start + this.time;

  put(key: Key, object: RawObject | undefined): void {
    this.#past.push({ until: this.time, objects: { ...this.objects } });
    const { [key]: _, ...others } = this.objects;
    const metadata = { ...(object?.['metadata'] as object), resourceVersion: String(++this.#version) };
    this.objects = object === undefined ? others : { ...others, [key]: { ...object, metadata } };
  }

  /** Configurations as they are applied, with these authorities or none. */
  configure(key: 'mutating' | 'validating', caBundle = '', annotations: Record<string, string> = {}): void {
    const clientConfig = (name: string) => ({ service: { namespace: 'gpugate-system', name }, caBundle });
    const webhooks = [
      { name: 'a.gpugate.dev', clientConfig: clientConfig('gpugate'), timeoutSeconds: 5 },
      { name: 'b.gpugate.dev', clientConfig: clientConfig('gpugate'), timeoutSeconds: 5 },
      { name: 'other', clientConfig: { service: { namespace: 'x', name: 'x' }, caBundle: 'b3RoZXI=' } },
    ];
    this.put(key, { kind: 'WebhookConfiguration', metadata: { name: 'gpugate', annotations }, webhooks });
  }

  #named(key: Key): NamedObject {
    const request = async <T>(verb: string, done: () => T): Promise<T> => {
      await this.beforeRequest(`${verb} ${key}`);
      if (verb === 'read') return done();
      const isLast = this.crash?.write === this.writes.length + 1;
      if (isLast && this.crash?.when === 'before') throw new Crash();
      const result = done();
      if (result === true) this.writes.push(`${verb} ${key}`);
      if (isLast && this.crash?.when === 'after') throw new Crash();
      return result;
    };
    const isNewest = (version: unknown): boolean => version === versionOf(this.objects[key]);
    return {
      read: () => request('read', () => this.objects[key]),
      create: (object) =>
        request('create', () => {
          if (this.objects[key] !== undefined) return false;
          this.put(key, object);
          return true;
        }),
      replace: (object) =>
        request('replace', () => {
          if (this.objects[key] === undefined || !isNewest(versionOf(object))) return false;
          this.put(key, object);
          return true;
        }),
      patch: (version, operations) =>
        request('patch', () => {
          const before = this.objects[key];
          if (before === undefined || !isNewest(version)) return false;
          const patched = jsonPatch.applyPatch(structuredClone(before), structuredClone([...operations]), true);
          this.put(key, patched.newDocument);
          return true;
        }),
    };
  }

  /** One of the replicas that may lead; it sees what is there at each `sync` and no more. */
  keeper(): { sync(): void; look(): Promise<void>; readonly log: ReturnType<typeof createRecordingLog> } {
    let seen = this.objects;
    const log = createRecordingLog();
    const watched = (key: Key) => ({ ...this.#named(key), newest: () => seen[key] });
    const keeper = new CertificateKeeper({
      secret: watched('secret'),
      secretName: 'gpugate-certificates',
      namespace: 'gpugate-system',
      configurations: { mutating: watched('mutating'), validating: watched('validating') },
      names,
      ...lives,
      isLeader: () => true,
      now: () => this.time,
      wallClock: this.wallClock,
      log,
    });
    return { log, look: () => keeper.look(), sync: () => (seen = this.objects) };
  }

  addReplica(): Replica {
    const replica = new Replica(this);
    this.replicas.push(replica);
    return replica;
  }

  /** What is wrong for a client that trusts what is installed, or was a moment ago; empty when nothing is. */
  cutOff({ lagMs = apiServerLagMs } = {}): string[] {
    this.#past = this.#past.filter(({ until }) => until >= this.time - apiServerLagMs);
    const states = [this.objects, ...this.#past.filter(({ until }) => until > this.time - lagMs).map((p) => p.objects)];
    return this.replicas.flatMap(({ cert }, index) =>
      states.flatMap((objects) =>
        (['mutating', 'validating'] as const)
          .filter((key) => bundlesIn(objects[key]).some((pem) => pem !== '' && !this.#connects(cert, pem)))
          .map((key) => `${key} at ${this.time} ms: replica ${index}`),
      ),
    );
  }

  #connects(cert: string | undefined, pem: string): boolean {
    if (cert === undefined) return true;
    const known = this.#validity.get(cert + pem) ?? validityUnder(cert, pem);
    this.#validity.set(cert + pem, known);
    return this.wallClock() >= known.from && this.wallClock() < known.to;
  }
}

/** One that serves: it reloads at each `sync`. */
export class Replica {
  syncedAt = 0;
  readonly log = createRecordingLog();
  /** Whether each configuration trusts what it serves, as its metrics say. */
  readonly trusted: () => Promise<Record<string, number>>;
  readonly #world: CertificateWorld;
  #seen: Objects = {};
  #source: CertificateSource | undefined;
  #wake = Promise.withResolvers<void>();

  constructor(world: CertificateWorld) {
    this.#world = world;
    const metrics = createMetrics({ version: 'test', processMetrics: false });
    const newest = (key: Key) => ({ newest: () => this.#seen[key] });
    const configurations = { mutating: newest('mutating'), validating: newest('validating') };
    const installed = new InstalledBundles({ configurations, names, log: this.log, metrics });
    this.trusted = async () => {
      if (this.cert !== undefined) installed.check(this.cert);
      const { body } = await metrics.expose();
      const found = body.matchAll(/^gpugate_ca_bundle_trusted\{configuration="(.+)"\} ([01])$/gm);
      return Object.fromEntries([...found].map(([, name = '', value]): [string, number] => [name, Number(value)]));
    };
    void createFollowedSource({
      newest: () => certificatesOf(this.#seen.secret),
      untilChange: () => this.#wake.promise,
      isTrusted: (cert) => installed.trusts(cert),
      clock: world.wallClock,
      log: this.log,
      metrics,
    }).then((source) => (this.#source = source));
  }

  /** The leaf that it serves, once it does. */
  get cert(): string | undefined {
    return this.#source?.current().cert;
  }

  async sync(): Promise<void> {
    this.#seen = this.#world.objects;
    this.syncedAt = this.#world.time;
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
    await this.#source?.reload();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** When a client that trusts this bundle can connect to a server with this certificate; never, when it is of another. */
function validityUnder(cert: string, pem: string): { from: number; to: number } {
  const leaf = new X509Certificate(cert);
  const signer = signerOf(leaf, certificatesIn(pem));
  if (signer === undefined) return { from: Infinity, to: -Infinity };
  return {
    from: Math.max(+leaf.validFromDate, +signer.validFromDate),
    to: Math.min(+leaf.validToDate, +signer.validToDate),
  };
}

export function isCrash(error: unknown): boolean {
  return error instanceof Crash;
}

/** The caBundles of our webhooks, as PEM. */
export function bundlesIn(configuration: RawObject | undefined): string[] {
  const webhooks = (configuration?.['webhooks'] ?? []) as { name: string; clientConfig: { caBundle: string } }[];
  return webhooks
    .filter(({ name }) => name !== 'other')
    .map(({ clientConfig }) => Buffer.from(clientConfig.caBundle, 'base64').toString());
}

function versionOf(object: RawObject | undefined): unknown {
  return (object?.['metadata'] as RawObject | undefined)?.['resourceVersion'];
}
