import { describe, expect, test } from 'vitest';
import { reviewedKinds, type ReviewedKind } from '../../../src/api/workload-policy.ts';
import { otherWebhooks } from '../../../src/cli/doctor/checks/other-webhooks.ts';
import { registration } from '../../../src/cli/doctor/checks/registration.ts';
import { webhookConfigurations } from '../../../src/cli/manifests/webhook-configurations.ts';
import { contextOf, fakeCluster, findingsOf, type Answers } from './fake-cluster.ts';

const group = '/apis/admissionregistration.k8s.io/v1';
const client = { service: { namespace: 'gpugate-system', name: 'gpugate', port: 443 } };

type Change = (webhooks: Record<string, unknown>[]) => Record<string, unknown>[];

/** Our own two, as the manifests make them for every kind, changed. */
function registered(change: Change = (webhooks) => webhooks, kinds: readonly ReviewedKind[] = reviewedKinds): Answers {
  const made = webhookConfigurations({ client, kinds, podsFailurePolicy: 'Ignore', namespace: 'gpugate-system' });
  return Object.fromEntries(
    made.map((one) => [
      `${group}/${one.kind.toLowerCase()}s`,
      { items: [{ ...one, webhooks: change(one.webhooks.map((webhook) => ({ ...webhook }))) }] },
    ]),
  );
}

const ids = ['pods.mutate', 'gpu.validate', 'pods.validate'];
const sound = ids.map((id) => `ok: ${id}.gpugate.dev: registered correctly`);
const withField =
  (name: string, fields: object): Change =>
  (webhooks) =>
    webhooks.map((one) => (String(one['name']).startsWith(name) ? { ...one, ...fields } : one));
const withoutField = (name: string, field: string): Change => withField(name, { [field]: undefined });

const policy = (kind: string) => ({
  items: [
    {
      apiVersion: 'gpugate.dev/v1alpha1',
      kind: 'WorkloadPolicy',
      metadata: { name: 'a' },
      spec: { names: { kinds: [kind], pattern: 'a.*' } },
    },
  ],
});
const policies = '/apis/gpugate.dev/v1alpha1/workloadpolicies';

describe('registration sees', () => {
  const table: Readonly<Record<string, readonly [Answers, readonly string[]]>> = {
    'every kind registered, as an installation does': [registered(), sound],
    'only what the policies name registered': [
      { ...registered(undefined, ['Pod', 'Job']), [policies]: policy('Job') },
      sound,
    ],
    'a kind that a policy names and nobody registered': [
      { ...registered(undefined, ['Pod']), [policies]: policy('Job') },
      sound.toSpliced(
        2,
        1,
        'warning: pods.validate.gpugate.dev: differs from what this version would register for these policies: rules',
      ),
    ],
    "a choice of failurePolicy for pods.validate, which is the admin's": [
      registered((webhooks) =>
        webhooks.map((one) => (one['name'] === 'pods.validate.gpugate.dev' ? { ...one, failurePolicy: 'Fail' } : one)),
      ),
      sound,
    ],
    'a configuration that is gone': [
      { ...registered(), [`${group}/mutatingwebhookconfigurations`]: { items: [] } },
      [
        'problem: MutatingWebhookConfiguration gpugate: does not exist, so the API server never calls gpugate',
        ...sound.slice(1),
      ],
    ],
    'a webhook that is gone': [
      registered((webhooks) => webhooks.filter(({ name }) => name !== 'gpu.validate.gpugate.dev')),
      [sound[0] ?? '', 'problem: gpu.validate.gpugate.dev: is not registered', sound[2] ?? ''],
    ],
    'an exclusion that is gone': [
      registered(withoutField('gpu.validate', 'namespaceSelector')),
      sound.toSpliced(
        1,
        1,
        'warning: gpu.validate.gpugate.dev: differs from what this version would register for these policies: namespaceSelector',
      ),
    ],
    'what the API server fills in': [registered(withField('pods', { objectSelector: {} })), sound],
    'objects that somebody left out': [
      registered(withField('gpu.validate', { objectSelector: { matchLabels: { team: 'a' } } })),
      sound.toSpliced(
        1,
        1,
        'warning: gpu.validate.gpugate.dev: differs from what this version would register for these policies: objectSelector',
      ),
    ],
    'a condition that nobody knows of': [
      registered(withField('pods.mutate', { matchConditions: [{ name: 'never', expression: 'false' }] })),
      sound.toSpliced(
        0,
        1,
        'warning: pods.mutate.gpugate.dev: differs from what this version would register for these policies: matchConditions',
      ),
    ],
  };
  test.each(Object.entries(table))('%s', async (_, [answers, says]) => {
    expect(await findingsOf(registration, contextOf(fakeCluster(answers)))).toEqual(says);
  });
});

const podRules = [{ apiGroups: [''], resources: ['pods'], operations: ['CREATE'] }];
const foreign = (webhook: object): Answers => ({
  [`${group}/validatingwebhookconfigurations`]: {
    items: [{ metadata: { name: 'other' }, webhooks: [{ name: 'w.other.io', clientConfig: {}, ...webhook }] }],
  },
});
const notOurs = {
  matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['gpugate-system'] }],
};
const inTheWay =
  'warning: ValidatingWebhookConfiguration other, webhook w.other.io: while it does not answer, no gpugate pod can ' +
  'start (failurePolicy Fail in gpugate-system)';

describe('other-webhooks sees', () => {
  const table: Readonly<Record<string, readonly [Answers, string]>> = {
    'nothing in our own': [registered(), 'ok: no other webhook is in the way'],
    'one that fails closed for our pods': [foreign({ rules: podRules }), inTheWay],
    'one that does so by wildcards': [
      foreign({ rules: [{ apiGroups: ['*'], resources: ['*/*'], operations: ['*'] }], failurePolicy: 'Fail' }),
      inTheWay,
    ],
    'nothing in one that fails open': [
      foreign({ rules: podRules, failurePolicy: 'Ignore' }),
      'ok: no other webhook is in the way',
    ],
    'nothing in one that leaves our namespace out': [
      foreign({ rules: podRules, namespaceSelector: notOurs }),
      'ok: no other webhook is in the way',
    ],
    'nothing in one that chooses objects by their labels': [
      foreign({ rules: podRules, objectSelector: { matchLabels: { a: 'b' } } }),
      'ok: no other webhook is in the way',
    ],
    'nothing in one for other objects': [
      foreign({ rules: [{ apiGroups: ['apps'], resources: ['deployments'], operations: ['CREATE'] }] }),
      'ok: no other webhook is in the way',
    ],
    'a second gpugate': [
      foreign({ name: 'gpu.validate.gpugate.dev', rules: podRules }),
      'problem: ValidatingWebhookConfiguration other, webhook gpu.validate.gpugate.dev: also calls gpugate, so every pod ' +
        'is judged and charged twice',
    ],
  };
  test.each(Object.entries(table))('%s', async (_, [answers, says]) => {
    expect(await findingsOf(otherWebhooks, contextOf(fakeCluster(answers)))).toEqual([says]);
  });
});
