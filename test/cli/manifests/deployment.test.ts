import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nodeOptions } from '../../../src/cli/manifests/deployment.ts';
import { loadConfig } from '../../../src/config.ts';
import { everyMode, objectsOf, only } from './settings-of-test.ts';

const root = join(import.meta.dirname, '../../..');
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');

type Environment = { name: string; value?: string; valueFrom?: object }[];
type Container = {
  args: string[];
  env: Environment;
  image: string;
  volumeMounts?: { mountPath: string }[];
  ports: { name: string; containerPort: number }[];
  readinessProbe: { httpGet: { port: string } };
} & Record<string, unknown>;
type PodSpec = { containers: [Container]; terminationGracePeriodSeconds: number } & Record<string, unknown>;
type Deployment = {
  spec: { selector: { matchLabels: object }; template: { metadata: { labels: object }; spec: PodSpec } } & Record<
    string,
    unknown
  >;
};

type Job = { readonly spec: { readonly template: { readonly spec: object } } };

const podOf = (settings: Parameters<typeof only>[1] = {}) =>
  (only('Deployment', settings) as Deployment).spec.template.spec;
const variables = (env: Environment) =>
  Object.fromEntries(env.map(({ name, value }): [string, string | undefined] => [name, value]));

describe('the Deployment', () => {
  test.each(everyMode)('starts serve with settings that serve accepts (%s)', (_, settings) => {
    const [container] = podOf({ ...settings, namespace: 'gpus' }).containers;
    const environment = variables(container.env);
    const config = loadConfig({ flags: {}, environment });
    expect(container.args).toEqual(['serve']);
    expect(config.exemptNamespaces).toEqual(['kube-system', 'kube-node-lease', 'gpus']);
    expect(container.ports).toEqual([
      { name: 'webhook', containerPort: config.port },
      { name: 'ops', containerPort: config.opsPort },
    ]);
    const isOwn = settings.certificates === 'self-managed';
    expect(config.tlsNames.includes('gpugate.gpus.svc')).toBe(isOwn);
    const mounted = container.volumeMounts?.[0]?.mountPath;
    expect(config.tlsCert).toBe(isOwn ? undefined : `${mounted}/tls.crt`);
    expect(config.tlsKey).toBe(isOwn ? undefined : `${mounted}/tls.key`);
  });

  test('gives Node the flags that the image gives it', () => {
    expect(dockerfile).toContain(`"${nodeOptions}"`);
    expect(variables(podOf().containers[0].env)['NODE_OPTIONS']).toBe(nodeOptions);
  });

  test('runs as the user of the image, and exposes its ports', () => {
    const { runAsUser } = podOf()['securityContext'] as { runAsUser: number };
    expect(dockerfile).toContain(`USER ${runAsUser}:`);
    const ports = podOf().containers[0].ports.map(({ containerPort }) => containerPort);
    expect(dockerfile).toContain(`EXPOSE ${ports.join(' ')}`);
  });

  test('is never killed before its drain is over', () => {
    const source = readFileSync(join(root, 'src/serve/serve.ts'), 'utf8');
    const drainMs = Number(/const maxDrainMs = ([\d_]+);/.exec(source)?.[1]?.replace('_', ''));
    expect(drainMs).toBeGreaterThan(0);
    expect(podOf().terminationGracePeriodSeconds * 1000).toBeGreaterThan(drainMs);
    expect(podOf().containers[0]).not.toHaveProperty('lifecycle');
  });

  test('never goes below the replicas asked for, and counts the spread of one version at a time', () => {
    expect((only('Deployment') as Deployment).spec).toMatchObject({
      replicas: 2,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    });
    for (const [spread, whenUnsatisfiable] of [
      ['preferred', 'ScheduleAnyway'],
      ['required', 'DoNotSchedule'],
    ] as const) {
      expect(podOf({ spread })['topologySpreadConstraints']).toMatchObject([
        {
          topologyKey: 'topology.kubernetes.io/zone',
          maxSkew: 1,
          whenUnsatisfiable,
          nodeTaintsPolicy: 'Honor',
          matchLabelKeys: ['pod-template-hash'],
        },
        {
          topologyKey: 'kubernetes.io/hostname',
          maxSkew: 1,
          whenUnsatisfiable,
          nodeTaintsPolicy: 'Honor',
          matchLabelKeys: ['pod-template-hash'],
        },
      ]);
    }
  });

  test('takes image, replicas, resources and priority class from the settings', () => {
    const resources = { requests: { cpu: '2' }, limits: { memory: '2Gi' } };
    const settings = { image: 'registry.example/g:1', replicas: 5, resources, priorityClassName: 'gold' };
    expect((only('Deployment', settings) as Deployment).spec).toMatchObject({ replicas: 5 });
    expect(podOf(settings)).toMatchObject({
      priorityClassName: 'gold',
      containers: [{ image: 'registry.example/g:1', resources }],
    });
  });

  test('takes pull secrets, nodes and flags of serve from the settings, and has no field of them without', () => {
    const pods = { imagePullSecrets: [{ name: 'a' }], nodeSelector: { b: 'c' }, tolerations: [{ key: 'd' }] };
    expect(podOf({ ...pods, serveFlags: ['--log-level=debug'] })).toMatchObject({
      ...pods,
      containers: [{ args: ['serve', '--log-level=debug'] }],
    });
    const job = objectsOf({ ...pods, doctor: true }).find(({ kind }) => kind === 'Job') as Job | undefined;
    expect(job?.spec.template.spec).toMatchObject(pods);
    for (const field of Object.keys(pods)) expect(podOf()).not.toHaveProperty(field);
  });

  test('may use its priority class where only a quota lets pods do so, up to more pods than there can be', () => {
    const { spec } = only('ResourceQuota', { priorityClassName: 'gold' }) as {
      spec: { hard: { pods: string }; scopeSelector: { matchExpressions: object[] } };
    };
    expect(spec.scopeSelector.matchExpressions).toEqual([
      {
        scopeName: 'PriorityClass',
        operator: 'In',
        values: [podOf({ priorityClassName: 'gold' })['priorityClassName']],
      },
    ]);
    expect(Number(spec.hard.pods)).toBeGreaterThan(2 * 20);
  });

  test('is what Service, PodDisruptionBudget, NetworkPolicy and its own selector choose', () => {
    const { selector, template } = (only('Deployment') as Deployment).spec;
    const chosen = [
      selector,
      { matchLabels: (only('Service') as { spec: { selector: object } }).spec.selector },
      (only('PodDisruptionBudget') as { spec: { selector: object } }).spec.selector,
      (only('NetworkPolicy') as { spec: { podSelector: object } }).spec.podSelector,
    ];
    expect(new Set(chosen.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(template.metadata.labels).toMatchObject(selector.matchLabels);
  });
});

describe('every object', () => {
  test.each(everyMode)('that has a namespace is in ours, and has our label (%s)', (_, settings) => {
    for (const { kind, metadata } of objectsOf({ ...settings, namespace: 'gpus', monitoring: true, doctor: true })) {
      expect([kind, metadata.namespace ?? 'gpus']).toEqual([kind, 'gpus']);
      expect(metadata.labels).toHaveProperty(['app.kubernetes.io/part-of'], 'gpugate');
    }
    const text = JSON.stringify(objectsOf({ ...settings, namespace: 'gpus', monitoring: true, doctor: true }));
    expect(text).not.toContain('gpugate-system');
  });

  test('is there once, and the webhooks come last', () => {
    const keys = objectsOf({ monitoring: true, doctor: true }).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.slice(-2)).toEqual(['MutatingWebhookConfiguration gpugate', 'ValidatingWebhookConfiguration gpugate']);
  });

  test('of the roles is narrow: no wildcard, no secret but our own, nothing of ours but by its name', () => {
    for (const [, settings] of everyMode) {
      for (const object of objectsOf(settings).filter(({ kind }) => kind.endsWith('Role'))) {
        const rules = object['rules'] as { resources: string[]; verbs: string[]; resourceNames?: string[] }[];
        expect(JSON.stringify(rules)).not.toContain('*');
        for (const { resources, verbs, resourceNames } of rules) {
          if (resources.includes('secrets')) expect(object.kind).toBe('Role');
          if (verbs.includes('update') || resources.some((resource) => /webhookconfigurations/.test(resource))) {
            expect(resourceNames?.length).toBeGreaterThan(0);
          }
        }
      }
    }
  });
});
