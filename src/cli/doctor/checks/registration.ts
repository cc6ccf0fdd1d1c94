import { isDeepStrictEqual } from 'node:util';
import { reviewedKinds, workloadPolicy, type ReviewedKind, type WorkloadPolicy } from '../../../api/workload-policy.ts';
import { webhookConfigurationName } from '../../../api/webhook-configuration.ts';
import { kindsOf, webhookConfigurations } from '../../manifests/webhook-configurations.ts';
import { fault, ok, warning, type Check, type Finding } from '../check.ts';
import { readAll } from '../read-objects.ts';
import { readWebhookConfigurations, type Webhook } from '../webhook-objects.ts';

const again = 'Apply them again: gpugate manifests webhooks ... | kubectl apply -f -';

/** Whether the API server calls gpugate for what it should, and for nothing else. */
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
    // As `manifests install` registers them where no policy is told of.
    const wide = wantedFor(reviewedKinds).flatMap(({ webhooks }) => webhooks);
    return narrow.flatMap((configuration) => {
      const { kind } = configuration;
      const there = known.find((one) => one.kind === kind);
      if (there === undefined) {
        return [fault(`${kind} ${webhookConfigurationName}: is not there, so that gpugate is never asked`, again)];
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

/** What leaves objects out, for which gpugate is then never asked: looked at even where it should not be there. */
const narrowing = ['namespaceSelector', 'objectSelector', 'matchConditions'] as const;

/** The API server fills in a selector that is not there, as one that selects everything. */
const valueOf = (value: unknown): unknown => (isDeepStrictEqual(value, {}) ? undefined : value);

/** Where it is called is looked at on its own, and what pods.validate does while gpugate is down is for the admin. */
function fieldsToCompare(wanted: Wanted): readonly string[] {
  const isChoice = wanted.name.startsWith('pods.validate');
  return [...new Set([...Object.keys(wanted), ...narrowing])].filter(
    (field) => field !== 'clientConfig' && !(isChoice && field === 'failurePolicy'),
  );
}

/** Each field must be that of one of the forms. */
function judge(forms: readonly [Wanted, ...Wanted[]], installed: Webhook | undefined): Finding {
  const [{ name }] = forms;
  if (installed === undefined) return fault(`${name}: is not registered`, again);
  const there: Readonly<Record<string, unknown>> = installed;
  const others = fieldsToCompare(forms[0]).filter(
    (field) => !forms.some((wanted) => isDeepStrictEqual(valueOf(wanted[field]), valueOf(there[field]))),
  );
  if (others.length === 0) return ok(`${name}: registered as it should be`);
  return warning(
    `${name}: is not registered as this version, with these policies, would be: ${others.join(', ')}`,
    again,
  );
}
