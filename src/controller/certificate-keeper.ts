import type { X509Certificate } from 'node:crypto';
import type { NamedObject, PatchOperation } from '../cluster/watch/named-object.ts';
import { versionOf, type RawObject } from '../cluster/client/client.ts';
import type { Log } from '../telemetry/log.ts';
import { type Installed, nextStep, type Step } from '../tls/rotation.ts';
import type { RenewalOptions } from '../tls/renew-certificates.ts';
import { takeStep } from '../tls/take-step.ts';
import { certificatesIn, isAmong } from '../tls/trust.ts';
import { certificatesOf, secretOf } from './certificate-secret.ts';
import { Seen } from './seen.ts';
import { bundlePatch, bundlesOf, isInjected } from './webhook-bundles.ts';

type Watched = NamedObject & { readonly newest: () => RawObject | undefined };

export type CertificateKeeperOptions = RenewalOptions & {
  readonly secret: Watched;
  readonly secretName: string;
  readonly namespace: string;
  /** The webhook configurations, by their name in the log. */
  readonly configurations: Readonly<Record<string, Watched>>;
  readonly isLeader: () => boolean;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Wall clock in milliseconds. */
  readonly wallClock: () => number;
  readonly log: Log;
};

type Configuration = { readonly kind: string; readonly target: NamedObject; readonly object: RawObject };
type State = { readonly configurations: readonly Configuration[]; readonly secret: RawObject | undefined };
type Patch = { readonly configuration: Configuration; readonly operations: readonly PatchOperation[] };
type Plan = { readonly installed: Installed; readonly step: Step; readonly patches: readonly Patch[] };

/** A first start takes three writes. More means that somebody else keeps changing things, so the next look goes on. */
const maxActions = 8;

/** Another log line and a metric name the webhooks, once their caBundle does not trust the serving certificate. */
const giveUpMessage = 'no longer waiting for a caBundle that lacks our authority: add ca.crt of the Secret to it';

/**
 * An authority that is not stored any more stays in a caBundle for this long. By then every replica has reloaded from the
 * Secret, so that restoring the Secret from a copy cuts off nobody.
 */
export const trimAfterMs = 60_000;

/**
 * Renews the Secret and the caBundles, as leader. It decides by what the watches show and then reads the objects before it
 * acts, so that a late watch does no harm. Each write is compared and swapped, so that two leaders do no harm either.
 */
export class CertificateKeeper {
  readonly #options: CertificateKeeperOptions;
  readonly #held: Seen;
  readonly #surplus: Seen;
  readonly #stored: Seen;

  constructor(options: CertificateKeeperOptions) {
    this.#options = options;
    this.#held = new Seen(options.now);
    this.#surplus = new Seen(options.now);
    this.#stored = new Seen(options.now);
  }

  /** Does everything that is due now. Throws ApiError. */
  async look(): Promise<void> {
    const { secret, isLeader } = this.#options;
    const seen = await this.#configurations((one) => one.newest());
    if (isIdle(this.#plan({ configurations: seen, secret: secret.newest() }))) return;
    for (let actions = 0; actions < maxActions && isLeader(); actions++) {
      // The Secret is read last: an authority that a configuration has and the newer Secret lacks was retired.
      const configurations = await this.#configurations((one) => one.read());
      const state = { configurations, secret: await secret.read() };
      const plan = this.#plan(state);
      if (isIdle(plan) || !isLeader()) return;
      await this.#act(state, plan);
    }
  }

  async #configurations(
    read: (one: Watched) => RawObject | undefined | Promise<RawObject | undefined>,
  ): Promise<readonly Configuration[]> {
    const found = Object.entries(this.#options.configurations).map(async ([kind, target]) => {
      const object = await read(target);
      return object === undefined ? [] : [{ kind, target, object }];
    });
    return (await Promise.all(found)).flat();
  }

  #plan({ configurations, secret }: State): Plan {
    const { wallClock, names } = this.#options;
    const stored = certificatesOf(secret);
    const bundles = configurations.flatMap(({ object }) => bundlesOf(object, names)).map((one) => one.authorities);
    const filled = bundles.filter((authorities) => authorities.length > 0);
    this.#held.see(bundles.flat().filter((one) => filled.every((authorities) => isAmong(one, authorities))));
    const wanted = certificatesIn(stored?.caCert ?? '');
    this.#surplus.see(bundles.flat().filter((one) => !isAmong(one, wanted)));
    this.#stored.see(wanted.slice(0, 1));
    const installed = {
      bundles,
      heldForMs: (one: X509Certificate) => this.#held.forMs(one),
      storedForMs: (one: X509Certificate) => this.#stored.forMs(one) ?? 0,
    };
    const step = nextStep(stored, installed, this.#options, wallClock());
    // Without an authority that can sign, there is nothing to install yet.
    const isInstallable = step.kind !== 'authority' && wanted.length > 0;
    return { installed, step, patches: isInstallable ? configurations.flatMap((one) => this.#patch(one, wanted)) : [] };
  }

  #patch(configuration: Configuration, wanted: readonly X509Certificate[]): Patch[] {
    if (isInjected(configuration.object)) return [];
    const isKept = (one: X509Certificate) => !isAmong(one, wanted) && (this.#surplus.forMs(one) ?? 0) < trimAfterMs;
    const operations = bundlesOf(configuration.object, this.#options.names).flatMap((bundle) =>
      bundlePatch(bundle, [...wanted, ...bundle.authorities.filter(isKept)]),
    );
    return operations.length === 0 ? [] : [{ configuration, operations }];
  }

  async #act(state: State, { installed, step, patches }: Plan): Promise<void> {
    const { log, wallClock, secret, secretName: name, namespace } = this.#options;
    const next = await takeStep(step, certificatesOf(state.secret), installed, this.#options, wallClock());
    if (next !== undefined) {
      const written = secretOf(next, { before: state.secret, name, namespace });
      const isDone = await (state.secret === undefined ? secret.create(written) : secret.replace(written));
      log.info('rotating the certificates', { ...step, isDone });
      if ('isForced' in step) log.warn(giveUpMessage);
      return;
    }
    for (const { configuration, operations } of patches) {
      const isDone = await configuration.target.patch(versionOf(configuration.object), operations);
      log.info('writing a caBundle', { configuration: configuration.kind, isDone });
    }
  }
}

function isIdle({ step, patches }: Plan): boolean {
  return (step.kind === 'rest' || step.kind === 'wait') && patches.length === 0;
}
