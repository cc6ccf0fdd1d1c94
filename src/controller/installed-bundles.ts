import { X509Certificate } from 'node:crypto';
import type { RawObject } from '../cluster/client/client.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { signerOf } from '../tls/trust.ts';
import { bundlesOf, type WebhookBundle } from './webhook-bundles.ts';

export type InstalledBundlesOptions = {
  /** Each webhook configuration as it was last seen, by the word that metrics use. */
  readonly configurations: Readonly<Record<string, { readonly newest: () => RawObject | undefined }>>;
  /** DNS names and IP addresses under which clients reach this server. */
  readonly names: readonly string[];
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'installedBundle'>;
};

/** What the API server trusts in fact, whoever wrote it there: every replica holds its own leaf against it. */
export class InstalledBundles {
  readonly #options: InstalledBundlesOptions;
  readonly #said = new Map<string, string>();

  constructor(options: InstalledBundlesOptions) {
    this.#options = options;
  }

  /** Whether every bundle that is not empty has the authority of this leaf; an empty one can cut nobody off. */
  trusts(cert: string): boolean {
    const leaf = new X509Certificate(cert);
    return Object.keys(this.#options.configurations)
      .flatMap((kind) => this.#bundles(kind) ?? [])
      .every(({ authorities }) => authorities.length === 0 || signerOf(leaf, authorities) !== undefined);
  }

  /** Tells metrics and log how each configuration stands to the leaf that is served. */
  check(cert: string): void {
    const leaf = new X509Certificate(cert);
    for (const kind of Object.keys(this.#options.configurations)) {
      const bundles = this.#bundles(kind);
      const distrusting = bundles?.filter(({ authorities }) => signerOf(leaf, authorities) === undefined) ?? [];
      const isCalled = bundles !== undefined && bundles.length > 0;
      this.#options.metrics.installedBundle(
        kind,
        isCalled ? { isTrusted: distrusting.length === 0, notAfterMs: expiryOf(bundles, leaf) } : undefined,
      );
      if (bundles === undefined) this.#say(kind, 'there is no webhook configuration of ours yet');
      else if (!isCalled) this.#say(kind, 'no webhook of the configuration calls a name of this server');
      else if (distrusting.length === 0) this.#said.delete(kind);
      else this.#say(kind, 'a caBundle does not trust the serving certificate', distrusting);
    }
  }

  #bundles(kind: string): readonly WebhookBundle[] | undefined {
    const object = this.#options.configurations[kind]?.newest();
    return object === undefined ? undefined : bundlesOf(object, this.#options.names);
  }

  /** Once, until it is something else. */
  #say(kind: string, message: string, bundles?: readonly WebhookBundle[]): void {
    if (this.#said.get(kind) === message) return;
    this.#said.set(kind, message);
    const { log } = this.#options;
    if (bundles === undefined) log.info(message, { configuration: kind });
    else log.warn(message, { configuration: kind, webhooks: bundles.map(({ webhook }) => webhook) });
  }
}

/** When the first of the bundles ceases to trust the leaf, or, where it does not trust it, anything. */
function expiryOf(bundles: readonly WebhookBundle[], leaf: X509Certificate): number | undefined {
  const ends = bundles.flatMap(({ authorities }) => {
    const signer = signerOf(leaf, authorities);
    const trusted = signer === undefined ? authorities : [signer];
    return trusted.length === 0 ? [] : [Math.max(...trusted.map((one) => one.validToDate.getTime()))];
  });
  return ends.length === 0 ? undefined : Math.min(...ends);
}
