import { systemNamespaces, webhookConfigurationName } from '../../../api/webhook-configuration.ts';
import { compileSelector } from '../../../workload/match.ts';
import { problem, ok, warning, type Check, type DoctorContext, type Finding } from '../check.ts';
import { isOurs, readWebhookConfigurations, type Webhook, type WebhookConfiguration } from '../read-objects.ts';

/** Webhooks of others that can block gpugate, or undo its changes. */
export const otherWebhooks: Check = {
  id: 'other-webhooks',
  look: async (context) => {
    const all = await readWebhookConfigurations(context);
    const findings = all
      .filter(({ metadata }) => metadata.name !== webhookConfigurationName)
      .flatMap((configuration) =>
        (configuration.webhooks ?? []).flatMap((webhook) => judge(configuration, webhook, context)),
      );
    return findings.length > 0 ? findings : [ok('no other webhook is in the way')];
  },
};

function judge(
  { kind, metadata: { name } }: WebhookConfiguration,
  webhook: Webhook,
  { namespace }: DoctorContext,
): readonly Finding[] {
  const which = `${kind} ${name}, webhook ${webhook.name}`;
  if (isOurs(webhook)) {
    const mend = `Remove one of the two installations: kubectl delete ${kind.toLowerCase()} ${name}`;
    return [problem(`${which}: also calls gpugate, so every pod is judged and charged twice`, mend)];
  }
  if (!matchesNewPods(webhook)) return [];
  // A webhook with an objectSelector is left alone, because which objects it selects is unknown here.
  if (isEmptySelector(webhook.objectSelector) && webhook.failurePolicy !== 'Ignore' && selects(webhook, namespace)) {
    const what = `${which}: while it does not answer, no gpugate pod can start (failurePolicy Fail in ${namespace})`;
    return [warning(what, `Exclude the namespace: kubernetes.io/metadata.name NotIn [${systemNamespaces.join(', ')}]`)];
  }
  return [];
}

function matchesNewPods({ rules = [] }: Webhook): boolean {
  return rules.some(
    ({ apiGroups = [], resources = [], operations = [] }) =>
      apiGroups.some((group) => group === '' || group === '*') &&
      resources.some((resource) => ['pods', '*', '*/*'].includes(resource)) &&
      operations.some((operation) => operation === 'CREATE' || operation === '*'),
  );
}

function isEmptySelector(selector: Webhook['objectSelector']): boolean {
  return Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions ?? []).length === 0;
}

function selects({ namespaceSelector }: Webhook, namespace: string): boolean {
  const expressions = namespaceSelector?.matchExpressions ?? [];
  return compileSelector({
    matchLabels: namespaceSelector?.matchLabels ?? {},
    // Exists and DoesNotExist come without values.
    matchExpressions: expressions.map((one) => ({ ...one, values: one.values ?? [] })),
  })({ 'kubernetes.io/metadata.name': namespace });
}
