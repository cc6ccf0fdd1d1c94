import { describe, expect, test } from 'vitest';
import { checks, runChecks } from '../../../src/cli/doctor/run-checks.ts';
import { describeRight, rightsOf } from '../../../src/cli/doctor/needed-rights.ts';
import { doctorAccess } from '../../../src/cli/manifests/access-rules.ts';
import { describeRequest } from '../../../src/cluster/client/api-error.ts';
import type { ApiRequest } from '../../../src/cluster/client/client.ts';
import { emptyLedger, formatLedger } from '../../../src/quota/ledger/ledger-state.ts';
import { contextOf, fakeCluster } from '../doctor/fake-cluster.ts';
import { everyMode, objectsOf, only } from './settings-of-test.ts';
import { programInMemory } from '../../support/program-in-memory.ts';

type Template = { readonly metadata: { readonly labels: object }; readonly spec: Record<string, unknown> };
type Container = { readonly args: readonly string[]; readonly securityContext: object };
const jobOf = (settings: Parameters<typeof only>[1] = {}) =>
  (
    only('Job', { ...settings, doctor: true }, 'gpugate-doctor') as {
      spec: { template: Template } & Record<string, number>;
    }
  ).spec;
const containerOf = ({ spec }: Template) => (spec['containers'] as [Container])[0];

describe('the Job of the doctor', () => {
  test('is there only when it is asked for', () => {
    expect(objectsOf().filter(({ metadata }) => metadata.name === 'gpugate-doctor')).toEqual([]);
  });

  test.each(everyMode)('calls the doctor with options that it has (%s)', async (_, settings) => {
    const { template } = jobOf({ ...settings, namespace: 'gpus', image: 'registry.example/g:2' });
    const [command, ...flags] = containerOf(template).args;
    expect([command, ...flags]).toEqual(['doctor', '--namespace', 'gpus', '--certificates', settings.certificates]);
    const program = await programInMemory();
    const options = program.commands.find((one) => one.name() === command)?.options ?? [];
    expect(options.map(({ long }) => long)).toEqual(expect.arrayContaining(['--namespace', '--certificates']));
    expect(options.find(({ long }) => long === '--certificates')?.argChoices).toContain(settings.certificates);
    expect(containerOf(template)).toMatchObject({ image: 'registry.example/g:2' });
  });

  test('is as restricted as the server, tries more than once, ends before Helm gives up, and goes by itself', () => {
    const { template, ...job } = jobOf();
    const server = (only('Deployment') as { spec: { template: Template } }).spec.template;
    expect(template.spec['securityContext']).toEqual(server.spec['securityContext']);
    expect(containerOf(template).securityContext).toEqual(containerOf(server).securityContext);
    expect(template.spec).toMatchObject({ serviceAccountName: 'gpugate-doctor', restartPolicy: 'Never' });
    expect(job['backoffLimit']).toBeGreaterThan(0);
    expect(job['activeDeadlineSeconds']).toBeLessThan(300);
    expect(job['ttlSecondsAfterFinished']).toBeGreaterThan(0);
  });

  test('is no backend of the Service, and may read what replicas say of themselves', () => {
    const { labels } = jobOf().template.metadata;
    const { selector } = (only('Service') as { spec: { selector: object } }).spec;
    expect(labels).not.toMatchObject(selector);
    type Ingress = { from?: { podSelector: { matchLabels: object } }[]; ports: { port: number }[] };
    const { ingress } = (only('NetworkPolicy') as { spec: { ingress: Ingress[] } }).spec;
    const probes = ingress.find(({ ports }) => ports.some(({ port }) => port === 8080));
    const lets = probes?.from?.filter(({ podSelector }) =>
      Object.entries(podSelector.matchLabels).every(([key, value]) => Reflect.get(labels, key) === value),
    );
    expect(lets).toHaveLength(1);
  });

  test('uses each of its rights, and asks for nothing else but what everybody may, and the Secret', async () => {
    const kinds = '/apis/gpugate.dev/v1alpha1';
    const asked = new Set<string>();
    const { request } = fakeCluster(
      {
        [`${kinds}/quotaledgers/ledger`]: { spec: { data: formatLedger(emptyLedger('c', true)) } },
        '/api/v1/namespaces/kube-system': { metadata: { uid: 'c' } },
        '/version': { gitVersion: 'v1.36.0', minor: '36' },
      },
      () => ({ status: { allowed: true } }),
    );
    const client = {
      request: (line: ApiRequest) => {
        const { verb, object } = describeRequest(line);
        asked.add(`${verb} ${object}`);
        return request(line);
      },
    };
    await runChecks(checks, contextOf(client, { isInside: true }));
    const rights = rightsOf({ 'gpugate-doctor': doctorAccess }, 'gpugate-system');
    const ofEverybody = ['get /version', 'create selfsubjectreviews.authentication.k8s.io'];
    expect([...asked].toSorted()).toEqual(
      [
        ...rights.map(({ attributes }) => describeRight(attributes)),
        ...ofEverybody,
        'get secrets "gpugate-certificates" in namespace gpugate-system',
      ].toSorted(),
    );
  });
});
