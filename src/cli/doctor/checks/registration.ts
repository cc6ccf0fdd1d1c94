import { isDeepStrictEqual } from 'node:util';
import { workloadPolicy, type WorkloadPolicy } from '../../../api/workload-policy.ts';
import { kindsOf, webhookConfigurations } from '../../manifests/webhook-configurations.ts';
import { fault, ok, warning, type Check, type Finding } from '../check.ts';
import { readAll } from '../read-objects.ts';
import { configurationName, readWebhookConfigurations, type Webhook } from '../webhook-objects.ts';

const again = 'Apply them again: gpugate manifests webhooks ... | kubectl apply -f -';

/** Whether the API server calls gpugate for what it should, and for nothing else. */
export const registration: Check = {
  id: 'registration',
  look: async (context) => {
    const [installed, policies] = await Promise.all([
      readWebhookConfigurations(context),
      readAll<unknown>(context.client, '/apis/gpugate.dev/v1alpha1/workloadpolicies'),
    ]);
    const known = installed.filter(({ metadata }) => metadata.name === configurationName);
    const wanted = webhookConfigurations({
      client: { url: 'https://unused' },
      kinds: kindsOf(policies.flatMap((object) => readPolicy(object) ?? [])),
      podsFailurePolicy: 'Ignore',
      namespace: context.namespace,
    });
    return wanted.flatMap((configuration) => {
      const { kind } = configuration;
      const there = known.find((one) => one.kind === kind);
      if (there === undefined) {
        return [fault(`${kind} ${configurationName}: is not there, so that gpugate is never asked`, again)];
      }
      return configuration.webhooks.map((webhook) =>
        judge(
          webhook,
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

/** Where it is called is looked at on its own, and what pods.validate does while gpugate is down is for the admin. */
function fieldsToCompare(wanted: Wanted): readonly string[] {
  const isChoice = wanted.name.startsWith('pods.validate');
  return Object.keys(wanted).filter((field) => field !== 'clientConfig' && !(isChoice && field === 'failurePolicy'));
}

function judge(wanted: Wanted, installed: Webhook | undefined): Finding {
  if (installed === undefined) return fault(`${wanted.name}: is not registered`, again);
  const there: Readonly<Record<string, unknown>> = installed;
  const others = fieldsToCompare(wanted).filter((field) => !isDeepStrictEqual(wanted[field], there[field]));
  if (others.length === 0) return ok(`${wanted.name}: registered as it should be`);
  const what = `${wanted.name}: is not registered as this version, with these policies, would be: ${others.join(', ')}`;
  return warning(what, again);
}
