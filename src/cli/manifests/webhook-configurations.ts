import type { ReviewedKind, WorkloadPolicy } from '../../api/workload-policy.ts';
import { systemNamespaces, webhookConfigurationName } from '../../api/webhook-configuration.ts';
import { judgedSubResources, webhookPaths, type WebhookId } from '../../review/webhooks.ts';
import { defaultNamespace, labels, type ManifestObject } from './install-settings.ts';
import { changesWhatIsCharged, changesWhatIsJudged, touchesGpu } from './match-conditions.ts';

/** How the API server reaches gpugate: by a Service in the cluster, or by a URL outside of it. */
export type WebhookClient =
  | { readonly url: string }
  | { readonly service: { readonly namespace: string; readonly name: string; readonly port: number } };

export type WebhookSettings = {
  readonly client: WebhookClient;
  /**
   * PEM of the CA that signs the serving certificate. Absent when somebody else fills it in: applying a manifest without
   * the field keeps the value, while an empty field would remove it.
   */
  readonly caBundle?: string | undefined;
  /** pods.validate is registered for exactly these kinds. */
  readonly kinds: readonly ReviewedKind[];
  readonly podsFailurePolicy: 'Ignore' | 'Fail';
  /** The namespace of gpugate, which is excluded: gpugate must be able to start without gpugate. */
  readonly namespace: string;
  readonly annotations?: Readonly<Record<string, string>>;
};

type WebhookRule = {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly resources: readonly string[];
  readonly operations: readonly ('CREATE' | 'UPDATE')[];
  readonly scope: 'Namespaced';
};

/** The resource of each kind. All of them are in version v1. */
export const resourcesOf: Readonly<Record<ReviewedKind, { group: string; resource: string }>> = {
  Pod: { group: '', resource: 'pods' },
  Service: { group: '', resource: 'services' },
  PersistentVolumeClaim: { group: '', resource: 'persistentvolumeclaims' },
  ConfigMap: { group: '', resource: 'configmaps' },
  Deployment: { group: 'apps', resource: 'deployments' },
  StatefulSet: { group: 'apps', resource: 'statefulsets' },
  DaemonSet: { group: 'apps', resource: 'daemonsets' },
  ReplicaSet: { group: 'apps', resource: 'replicasets' },
  ReplicationController: { group: '', resource: 'replicationcontrollers' },
  Job: { group: 'batch', resource: 'jobs' },
  CronJob: { group: 'batch', resource: 'cronjobs' },
};

/** Excluded from every webhook: what the cluster needs to run, and gpugate itself in any namespace. */
export function excludedNamespaces(own: string): readonly string[] {
  return [...new Set([...systemNamespaces.filter((name) => name !== defaultNamespace), own])];
}

/** The kinds that policies name, and pods. */
export function kindsOf(policies: readonly WorkloadPolicy[]): readonly ReviewedKind[] {
  const kinds = new Set<ReviewedKind>(['Pod']);
  for (const { spec } of policies) {
    for (const kind of spec.names?.kinds ?? []) kinds.add(kind);
    if ((spec.labels?.require.length ?? 0) > 0) for (const kind of spec.labels?.kinds ?? []) kinds.add(kind);
  }
  return [...kinds];
}

const podSubResources = judgedSubResources.map((subResource) => `pods/${subResource}`);

/** A decision takes less than a millisecond; the rest is for a slow network. The default of the API server is 10. */
const timeoutSeconds = 5;

type WebhookConfiguration = ManifestObject & {
  readonly webhooks: readonly (Readonly<Record<string, unknown>> & { readonly name: string })[];
};

/** With this label everything else can be installed first: `-l app.kubernetes.io/component!=registration`. */
const registrationLabels = { ...labels, 'app.kubernetes.io/component': 'registration' };

/** The two objects that make the API server call gpugate, with each webhook as narrow as possible. */
export function webhookConfigurations(settings: WebhookSettings): [WebhookConfiguration, WebhookConfiguration] {
  const { annotations } = settings;
  const about = annotations === undefined ? {} : { annotations };
  const metadata = { name: webhookConfigurationName, labels: registrationLabels, ...about };
  const mutating = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata,
    webhooks: [
      {
        ...webhookOf('pods.mutate', settings),
        failurePolicy: 'Ignore',
        reinvocationPolicy: 'IfNeeded',
        rules: [rule('', ['pods'], ['CREATE'])],
      },
    ],
  };
  const validating = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata,
    webhooks: [
      {
        ...webhookOf('gpu.validate', settings),
        failurePolicy: 'Fail',
        rules: [rule('', ['pods'], ['CREATE', 'UPDATE']), rule('', podSubResources, ['UPDATE'])],
        matchConditions: [
          { name: 'changes-what-is-charged', expression: changesWhatIsCharged },
          { name: 'touches-gpu', expression: touchesGpu },
        ],
      },
      {
        ...webhookOf('pods.validate', settings),
        failurePolicy: settings.podsFailurePolicy,
        rules: reviewedRules(settings.kinds),
        matchConditions: [{ name: 'changes-what-is-judged', expression: changesWhatIsJudged }],
      },
    ],
  };
  return [mutating, validating];
}

function webhookOf(id: WebhookId, { client, caBundle, namespace }: WebhookSettings) {
  const path = webhookPaths[id];
  const where = 'url' in client ? { url: client.url + path } : { service: { ...client.service, path } };
  return {
    name: `${id}.gpugate.dev`,
    clientConfig: caBundle === undefined ? where : { ...where, caBundle: Buffer.from(caBundle).toString('base64') },
    admissionReviewVersions: ['v1'],
    // gpu.validate writes reservations, except in a dry run.
    sideEffects: id === 'gpu.validate' ? 'NoneOnDryRun' : 'None',
    matchPolicy: 'Equivalent',
    timeoutSeconds,
    namespaceSelector: {
      matchExpressions: [
        { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: excludedNamespaces(namespace) },
      ],
    },
  };
}

/** One rule for each API group, with the kinds and, for pods, the subresources that change what is judged. */
function reviewedRules(kinds: readonly ReviewedKind[]): WebhookRule[] {
  const byGroup = new Map<string, string[]>();
  for (const kind of kinds) {
    const { group, resource } = resourcesOf[kind];
    const subResources = kind === 'Pod' ? podSubResources : [];
    byGroup.set(group, [...(byGroup.get(group) ?? []), resource, ...subResources]);
  }
  return [...byGroup].map(([group, resources]) => rule(group, resources, ['CREATE', 'UPDATE']));
}

function rule(group: string, resources: readonly string[], operations: readonly ('CREATE' | 'UPDATE')[]): WebhookRule {
  return { apiGroups: [group], apiVersions: ['v1'], resources, operations, scope: 'Namespaced' };
}
