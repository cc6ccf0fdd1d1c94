import { X509Certificate } from 'node:crypto';
import type { RawObject } from '../cluster/client/client.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { signerOf } from '../tls/trust.ts';
import { bundlesOf, type WebhookBundle } from './webhook-bundles.ts';

export type InstalledBundlesOptions = {
  /** Each webhook configuration as last seen, by its name in the metrics. */
  readonly configurations: Readonly<Record<string, { readonly newest: () => RawObject | undefined }>>;
  /** DNS names and IP addresses under which clients reach this server. */
  readonly names: readonly string[];
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'installedBundle'>;
};

/** What the API server really trusts, whoever wrote it. Every replica compares its own leaf with it. */
export class InstalledBundles {
  readonly #options: InstalledBundlesOptions;
  readonly #said = new Map<string, string>();

  constructor(options: InstalledBundlesOptions) {
    this.#options = options;
  }

  /** Whether every bundle that is not empty trusts this leaf. With an empty bundle, every call fails anyway. */
  trusts(cert: string): boolean {
    const leaf = new X509Certificate(cert);
    return Object.keys(this.#options.configurations)
      .flatMap((kind) => this.#bundles(kind) ?? [])
      .every(({ authorities }) => authorities.length === 0 || signerOf(leaf, authorities) !== undefined);
  }

  /** Reports in metrics and log whether each configuration trusts the leaf that is served. */
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
      if (bundles === undefined) this.#say(kind, 'gpugate has no webhook configuration yet');
      else if (!isCalled) this.#say(kind, 'no webhook of the configuration calls this server by one of its names');
      else if (distrusting.length === 0) this.#said.delete(kind);
      else this.#say(kind, 'a caBundle does not trust the serving certificate', distrusting);
    }
  }

  #bundles(kind: string): readonly WebhookBundle[] | undefined {
    const object = this.#options.configurations[kind]?.newest();
    return object === undefined ? undefined : bundlesOf(object, this.#options.names);
  }

  /** Logs a message once, until it changes. */
  #say(kind: string, message: string, bundles?: readonly WebhookBundle[]): void {
    if (this.#said.get(kind) === message) return;
    this.#said.set(kind, message);
    const { log } = this.#options;
    if (bundles === undefined) log.info(message, { configuration: kind });
    else log.warn(message, { configuration: kind, webhooks: bundles.map(({ webhook }) => webhook) });
  }
}

/** When the first bundle stops trusting the leaf, or stops trusting anything if it does not trust the leaf. */
function expiryOf(bundles: readonly WebhookBundle[], leaf: X509Certificate): number | undefined {
  const ends = bundles.flatMap(({ authorities }) => {
    const signer = signerOf(leaf, authorities);
    const trusted = signer === undefined ? authorities : [signer];
    return trusted.length === 0 ? [] : [Math.max(...trusted.map((one) => one.validToDate.getTime()))];
  });
  return ends.length === 0 ? undefined : Math.min(...ends);
}
