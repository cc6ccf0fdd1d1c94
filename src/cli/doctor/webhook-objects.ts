import type { LabelSelector } from '../../api/fields.ts';
import { webhookConfigurationCollections } from '../../api/webhook-configuration.ts';
import type { DoctorContext } from './check.ts';
import { readAll } from './read-objects.ts';

/** What is read of an admissionregistration.k8s.io/v1 webhook. */
export type Webhook = {
  readonly name: string;
  readonly clientConfig: {
    readonly url?: string;
    readonly service?: {
      readonly namespace: string;
      readonly name: string;
      readonly path?: string;
      readonly port?: number;
    };
    readonly caBundle?: string;
  };
  readonly failurePolicy?: string;
  readonly rules?: readonly {
    readonly apiGroups?: readonly string[];
    readonly resources?: readonly string[];
    readonly operations?: readonly string[];
  }[];
  readonly namespaceSelector?: Partial<LabelSelector>;
  readonly objectSelector?: Partial<LabelSelector>;
};

export type WebhookConfiguration = {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly webhooks?: readonly Webhook[];
};

export async function readWebhookConfigurations({
  client,
}: Pick<DoctorContext, 'client'>): Promise<readonly WebhookConfiguration[]> {
  const [mutating, validating] = await Promise.all([
    readAll<WebhookConfiguration>(client, webhookConfigurationCollections.mutating),
    readAll<WebhookConfiguration>(client, webhookConfigurationCollections.validating),
  ]);
  // The items of a list do not say their kind.
  return [
    ...mutating.map((one) => ({ ...one, kind: 'MutatingWebhookConfiguration' })),
    ...validating.map((one) => ({ ...one, kind: 'ValidatingWebhookConfiguration' })),
  ];
}

const ourDomain = '.gpugate.dev';

export function isOurs({ name }: Webhook): boolean {
  return name.endsWith(ourDomain);
}
