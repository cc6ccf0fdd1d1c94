import { isDeepStrictEqual } from 'node:util';
import { reviewedKinds, workloadPolicy, type ReviewedKind, type WorkloadPolicy } from '../../../api/workload-policy.ts';
import { webhookConfigurationName } from '../../../api/webhook-configuration.ts';
import { kindsOf, webhookConfigurations } from '../../manifests/webhook-configurations.ts';
import { problem, ok, warning, type Check, type Finding } from '../check.ts';
import { readAll, readWebhookConfigurations, type Webhook } from '../read-objects.ts';

const again = 'Apply them again: gpugate manifests webhooks ... | kubectl apply -f -';

/** Whether the API server calls gpugate for the right objects, and for no others. */
export const registration: Check = {
  id: 'registration',
  look: async (context) => {
    const [installed, policies] = await Promise.all([
      readWebhookConfigurations(context),
      readAll<unknown>(context.client, '/apis/gpugate.dev/v1alpha1/workloadpolicies'),
    ]);
    const known = installed.filter(({ metadata }) => metadata.name === webhookConfigurationName);
    const wantedFor = (kinds: readonly ReviewedKind[]) =>
      webhookConfigurations({
        client: { url: 'https://unused' },
        kinds,
        podsFailurePolicy: 'Ignore',
        namespace: context.namespace,
      });
    const narrow = wantedFor(kindsOf(policies.flatMap((object) => readPolicy(object) ?? [])));
    // `manifests install` registers every kind when no policies are given.
    const wide = wantedFor(reviewedKinds).flatMap(({ webhooks }) => webhooks);
    return narrow.flatMap((configuration) => {
      const { kind } = configuration;
      const there = known.find((one) => one.kind === kind);
      if (there === undefined) {
        return [
          problem(`${kind} ${webhookConfigurationName}: does not exist, so the API server never calls gpugate`, again),
        ];
      }
      return configuration.webhooks.map((webhook) =>
        judge(
          [webhook, ...wide.filter(({ name }) => name === webhook.name)],
          there.webhooks?.find(({ name }) => name === webhook.name),
        ),
      );
    });
  },
};

function readPolicy(object: unknown): WorkloadPolicy | undefined {
  const parsed = workloadPolicy.safeParse(object);
  return parsed.success ? parsed.data : undefined;
}

type Wanted = Readonly<Record<string, unknown>> & { readonly name: string };

/** Fields that exclude objects from review: compared even when they should be absent. */
const narrowing = ['namespaceSelector', 'objectSelector', 'matchConditions'] as const;

/** The API server fills in a selector that does not exist, as one that selects everything. */
const valueOf = (value: unknown): unknown => (isDeepStrictEqual(value, {}) ? undefined : value);

/** `reach` checks the address, and the admin chooses what pods.validate does while gpugate is down. */
function fieldsToCompare(wanted: Wanted): readonly string[] {
  const isChoice = wanted.name.startsWith('pods.validate');
  return [...new Set([...Object.keys(wanted), ...narrowing])].filter(
    (field) => field !== 'clientConfig' && !(isChoice && field === 'failurePolicy'),
  );
}

/** Each field must equal that of one of the forms. */
function judge(forms: readonly [Wanted, ...Wanted[]], installed: Webhook | undefined): Finding {
  const [{ name }] = forms;
  if (installed === undefined) return problem(`${name}: is not registered`, again);
  const there: Readonly<Record<string, unknown>> = installed;
  const others = fieldsToCompare(forms[0]).filter(
    (field) => !forms.some((wanted) => isDeepStrictEqual(valueOf(wanted[field]), valueOf(there[field]))),
  );
  if (others.length === 0) return ok(`${name}: registered correctly`);
  return warning(
    `${name}: differs from what this version would register for these policies: ${others.join(', ')}`,
    again,
  );
}
