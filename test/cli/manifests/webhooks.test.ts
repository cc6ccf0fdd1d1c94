import { describe, expect, test } from 'vitest';
import { objectsOf, only } from './settings-of-test.ts';

/** PRACTICES that the configurations themselves can show. */

type Webhook = {
  name: string;
  clientConfig: { caBundle?: string; service: { namespace: string; name: string; port: number } };
  rules: { apiGroups: string[]; apiVersions: string[]; resources: string[]; operations: string[]; scope: string }[];
  namespaceSelector: { matchExpressions: { key: string; operator: string; values: string[] }[] };
  failurePolicy: string;
  sideEffects: string;
  matchPolicy: string;
  timeoutSeconds: number;
  reinvocationPolicy?: string;
  matchConditions?: { name: string }[];
};
type Configuration = { kind: string; metadata: { annotations?: Record<string, string> }; webhooks: Webhook[] };

function configurations(settings: Parameters<typeof objectsOf>[0] = {}): Configuration[] {
  return objectsOf(settings).filter(({ kind }) => kind.endsWith('WebhookConfiguration')) as unknown as Configuration[];
}
const webhooks = (settings: Parameters<typeof objectsOf>[0] = {}) =>
  configurations(settings).flatMap((c) => c.webhooks);

describe('the webhook configurations of an installation', () => {
  test('leave out kube-system, kube-node-lease and our own namespace, by the label that nobody can change', () => {
    for (const namespace of ['gpugate-system', 'gpus']) {
      for (const { namespaceSelector } of webhooks({ namespace })) {
        expect(namespaceSelector.matchExpressions).toEqual([
          {
            key: 'kubernetes.io/metadata.name',
            operator: 'NotIn',
            values: ['kube-system', 'kube-node-lease', namespace],
          },
        ]);
      }
    }
  });

  test('fail closed for nothing but pods that touch GPUs', () => {
    const closed = webhooks().filter(({ failurePolicy }) => failurePolicy === 'Fail');
    expect(closed.map(({ name }) => name)).toEqual(['gpu.validate.gpugate.dev']);
    expect(closed[0]?.matchConditions?.map(({ name }) => name)).toContain('touches-gpu');
    expect(closed[0]?.rules.flatMap(({ resources }) => resources)).toEqual([
      'pods',
      'pods/ephemeralcontainers',
      'pods/resize',
    ]);
  });

  test('mutate only pods, only at their creation, fail open, and again when others change the pod afterwards', () => {
    const [mutating] = configurations();
    expect(mutating?.webhooks).toMatchObject([
      {
        failurePolicy: 'Ignore',
        reinvocationPolicy: 'IfNeeded',
        rules: [{ apiGroups: [''], resources: ['pods'], operations: ['CREATE'] }],
      },
    ]);
  });

  test('never match reviews of tokens or access, Leases, status, bindings, deletions or wildcards', () => {
    for (const { rules } of webhooks()) {
      for (const { apiGroups, apiVersions, resources, operations, scope } of rules) {
        expect([...apiGroups, ...apiVersions, ...resources, ...operations].filter((one) => one.includes('*'))).toEqual(
          [],
        );
        expect(
          apiGroups.filter((group) => /authentication|authorization|coordination|admissionregistration/.test(group)),
        ).toEqual([]);
        expect(resources.filter((resource) => /status|binding|lease|review|event/.test(resource))).toEqual([]);
        expect(operations.filter((operation) => operation !== 'CREATE' && operation !== 'UPDATE')).toEqual([]);
        expect(scope).toBe('Namespaced');
      }
    }
  });

  test('give up after 5 s, match every version of the API, and declare what they write', () => {
    for (const webhook of webhooks()) {
      expect(webhook).toMatchObject({ timeoutSeconds: 5, matchPolicy: 'Equivalent' });
      expect(webhook.sideEffects).toBe(webhook.name === 'gpu.validate.gpugate.dev' ? 'NoneOnDryRun' : 'None');
    }
  });

  test('take the failurePolicy of pods.validate from the settings, and its kinds', () => {
    const of = (settings: Parameters<typeof objectsOf>[0]) =>
      webhooks(settings).find(({ name }) => name.startsWith('pods.validate'));
    expect(of({})?.failurePolicy).toBe('Ignore');
    expect(of({ podsFailurePolicy: 'Fail' })?.failurePolicy).toBe('Fail');
    expect(
      of({ kinds: ['Pod', 'Job'] })?.rules.map(({ apiGroups, resources }) => [...apiGroups, ...resources]),
    ).toEqual([
      ['', 'pods', 'pods/ephemeralcontainers', 'pods/resize'],
      ['batch', 'jobs'],
    ]);
  });

  test('name the Service that is installed with them', () => {
    const service = only('Service', { namespace: 'gpus' }) as { spec: { ports: { port: number }[] } };
    for (const { clientConfig } of webhooks({ namespace: 'gpus' })) {
      expect(clientConfig.service).toMatchObject({
        namespace: 'gpus',
        name: 'gpugate',
        port: service.spec.ports[0]?.port,
      });
    }
  });

  test('carry a caBundle only where nobody else writes it: an empty one, applied again, would undo theirs', () => {
    const caBundle = 'the PEM';
    const encoded = Buffer.from(caBundle).toString('base64');
    const bundles = (settings: Parameters<typeof objectsOf>[0]) =>
      webhooks(settings).map(({ clientConfig }) => clientConfig.caBundle);
    expect(bundles({ certificates: 'self-managed' })).toEqual([undefined, undefined, undefined]);
    expect(bundles({ certificates: 'cert-manager' })).toEqual([undefined, undefined, undefined]);
    expect(bundles({ certificates: 'files', caBundle })).toEqual([encoded, encoded, encoded]);
  });

  test('tell cert-manager where the authority is', () => {
    const settings = { certificates: 'cert-manager', namespace: 'gpus' } as const;
    for (const { metadata } of configurations(settings)) {
      expect(metadata.annotations).toEqual({ 'cert-manager.io/inject-ca-from': 'gpus/gpugate-serving' });
    }
    expect(only('Certificate', settings, 'gpugate-serving')).toMatchObject({
      spec: { secretName: 'gpugate-serving', dnsNames: ['gpugate.gpus.svc'] },
    });
  });
});
