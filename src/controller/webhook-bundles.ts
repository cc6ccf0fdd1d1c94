import type { X509Certificate } from 'node:crypto';
import type { PatchOperation } from '../cluster/watch/named-object.ts';
import type { RawObject } from '../cluster/client/client.ts';
import { certificatesIn, isAmong, isServedName } from '../tls/trust.ts';

/** The caBundle of one webhook that calls gpugate. */
export type WebhookBundle = {
  /** The place and the name of the webhook in its configuration. */
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

/** The cainjector of cert-manager writes the caBundles of objects with one of these annotations. */
const injectionPrefix = 'cert-manager.io/inject-';

/**
 * The bundles of a configuration, only for webhooks that call a name of our certificate. A server in another namespace or
 * of another version has its own authority.
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

/** True when cert-manager writes the caBundles of this configuration. */
export function isInjected(configuration: RawObject): boolean {
  const { annotations = {} } = configuration['metadata'] as { annotations?: Readonly<Record<string, string>> };
  return Object.keys(annotations).some((key) => key.startsWith(injectionPrefix));
}

/** The patch that gives a bundle exactly these authorities, or none when it has them. It changes nothing else. */
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
