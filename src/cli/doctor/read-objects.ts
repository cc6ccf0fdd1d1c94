import type { LabelSelector } from '../../api/fields.ts';
import { webhookConfigurationCollections } from '../../api/webhook-configuration.ts';
import { ifFound } from '../../cluster/client/api-error.ts';
import type { DoctorContext } from './check.ts';

type Client = DoctorContext['client'];

/** The object at that path; undefined when it does not exist. */
export async function readIfThere<T>(client: Client, path: string): Promise<T | undefined> {
  return (await ifFound(client.request({ method: 'GET', path }))) as T | undefined;
}

/** All objects of a resource; none when the cluster does not serve it. */
export async function readAll<T>(client: Client, path: string): Promise<readonly T[]> {
  const list = await readIfThere<{ readonly items: readonly T[] }>(client, path);
  return list?.items ?? [];
}

/** The fields that the doctor reads of an admissionregistration.k8s.io/v1 webhook. */
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
  // The items of a list do not carry their kind.
  return [
    ...mutating.map((one) => ({ ...one, kind: 'MutatingWebhookConfiguration' })),
    ...validating.map((one) => ({ ...one, kind: 'ValidatingWebhookConfiguration' })),
  ];
}

const ourDomain = '.gpugate.dev';

export function isOurs({ name }: Webhook): boolean {
  return name.endsWith(ourDomain);
}
