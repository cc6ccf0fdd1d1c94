import type { X509Certificate } from 'node:crypto';
import type { PatchOperation } from '../cluster/watch/named-object.ts';
import type { RawObject } from '../cluster/client/client.ts';
import { certificatesIn, isAmong, isServedName } from '../tls/trust.ts';

/** The caBundle of one webhook that the API server calls us by. */
export type WebhookBundle = {
  /** Where it stands in the configuration, and what it is called there. */
  readonly index: number;
  readonly webhook: string;
  readonly authorities: readonly X509Certificate[];
};

type Webhook = {
  readonly name?: string;
  readonly clientConfig?: {
    readonly url?: string;
    readonly service?: { readonly name: string; readonly namespace: string };
    readonly caBundle?: string;
  };
};

/** cert-manager's cainjector writes the caBundles of what carries one of these. */
const injectionPrefix = 'cert-manager.io/inject-';

/**
 * The bundles of a configuration, of those webhooks only that call a name which our certificate is for: another server,
 * of another namespace or another version, has an authority of its own.
 */
export function bundlesOf(configuration: RawObject | undefined, names: readonly string[]): readonly WebhookBundle[] {
  const webhooks = (configuration?.['webhooks'] ?? []) as readonly Webhook[];
  return webhooks.flatMap(({ name = '', clientConfig = {} }, index) => {
    const host = hostOf(clientConfig);
    if (host === undefined || !isServedName(host, names)) return [];
    const pem = Buffer.from(clientConfig.caBundle ?? '', 'base64').toString('utf8');
    return [{ index, webhook: name, authorities: certificatesIn(pem) }];
  });
}

/** True when somebody else keeps the caBundles of this configuration. */
export function isInjected(configuration: RawObject): boolean {
  const { annotations = {} } = configuration['metadata'] as { annotations?: Readonly<Record<string, string>> };
  return Object.keys(annotations).some((key) => key.startsWith(injectionPrefix));
}

/** What puts these authorities into a bundle that does not have exactly them; nothing else is touched. */
export function bundlePatch(
  { index, webhook, authorities }: WebhookBundle,
  wanted: readonly X509Certificate[],
): readonly PatchOperation[] {
  if (isEqual(authorities, wanted)) return [];
  const pem = wanted.map((certificate) => certificate.toString()).join('');
  return [
    { op: 'test', path: `/webhooks/${index}/name`, value: webhook },
    { op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value: Buffer.from(pem).toString('base64') },
  ];
}

function isEqual(one: readonly X509Certificate[], other: readonly X509Certificate[]): boolean {
  return one.length === other.length && other.every((certificate) => isAmong(certificate, one));
}

function hostOf({ service, url }: NonNullable<Webhook['clientConfig']>): string | undefined {
  if (service !== undefined) return `${service.name}.${service.namespace}.svc`;
  return url !== undefined && URL.canParse(url) ? new URL(url).hostname : undefined;
}
