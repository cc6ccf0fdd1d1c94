import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { InstallSettings } from '../../../src/cli/manifests/install-settings.ts';
import { ensureAdminTools, runAdminTool } from '../../admin-tools/run.ts';
import { defaults, overlaySettings } from '../../generate/manifests/settings.ts';
import { objectsIn, wanted, withoutNamespace } from './objects.ts';

const chart = join(import.meta.dirname, '../../../manifests/helm/gpugate');
const buildMs = 20 * 60_000;
const ca = '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gpugate-helm-'));
  await ensureAdminTools();
}, buildMs);
afterAll(() => rm(directory, { recursive: true }));

async function template(values: object, namespace = defaults.namespace) {
  const file = join(directory, 'values.json');
  await writeFile(file, JSON.stringify(values));
  return runAdminTool(['template', 'gpugate', chart, '--include-crds', '-n', namespace, '-f', file]);
}

const pods = {
  imagePullSecrets: [{ name: 'a' }, { name: 'b' }],
  nodeSelector: { 'node-role.kubernetes.io/infra': '', pool: '1' },
  tolerations: [{ key: 'infra', operator: 'Equal', value: 'true', effect: 'NoSchedule' }],
  serveFlags: ['--log-level=debug', '--exempt-users=a,"b"'],
} as const;

/** A kustomization asks for the Job of the doctor; the chart brings it unless told otherwise. */
const withDoctor = (settings: InstallSettings): InstallSettings => ({ ...settings, doctor: true });

const cases: Readonly<Record<string, readonly [object, InstallSettings]>> = {
  'its default values: the overlay self-managed, with the doctor': [{}, withDoctor(overlaySettings['self-managed'])],
  'no doctor: that overlay alone': [{ doctor: { enabled: false } }, overlaySettings['self-managed']],
  'cert-manager: the overlay of that name': [
    { certificates: 'cert-manager' },
    withDoctor(overlaySettings['cert-manager']),
  ],
  'three replicas spread by force: the overlay high-availability': [
    { replicas: 3, spread: 'required' },
    withDoctor(overlaySettings['high-availability']),
  ],
  'a certificate from elsewhere': [
    { certificates: 'files', caBundle: ca },
    withDoctor({ ...defaults, certificates: 'files', caBundle: ca }),
  ],
  'monitoring, whose own templates stay whole': [{ monitoring: true }, withDoctor({ ...defaults, monitoring: true })],
  'everything else that can be set': [
    {
      image: 'registry.example/g:2',
      replicas: 4,
      podsFailurePolicy: 'Fail',
      priorityClassName: 'gold',
      resources: { requests: { cpu: '2', memory: '1Gi' }, limits: { cpu: '4', memory: '2Gi' } },
      monitoring: true,
      ...pods,
    },
    {
      ...withDoctor(defaults),
      namespace: 'gpus',
      image: 'registry.example/g:2',
      replicas: 4,
      podsFailurePolicy: 'Fail',
      priorityClassName: 'gold',
      resources: { requests: { cpu: '2', memory: '1Gi' }, limits: { cpu: '4', memory: '2Gi' } },
      monitoring: true,
      ...pods,
    },
  ],
};

describe('the chart, rendered by Helm', () => {
  test.each(Object.entries(cases))('makes the objects of the source out of %s', async (_, [values, settings]) => {
    const { code, stdout, stderr } = await template(values, settings.namespace);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(objectsIn(stdout)).toEqual(withoutNamespace(wanted(settings)));
  });

  const refused: Readonly<Record<string, readonly [object, string]>> = {
    'a value that it does not know': [{ replica: 3 }, "additional properties 'replica' not allowed"],
    'an unknown mode': [{ certificates: 'magic' }, '/certificates'],
    'files without the CA': [{ certificates: 'files' }, '/caBundle'],
    'a CA that nothing would use': [{ caBundle: ca }, '/caBundle'],
    'a pull secret that is no object': [{ imagePullSecrets: ['a'] }, '/imagePullSecrets/0'],
    'a port of serve, which the probes ask': [{ serveFlags: ['--ops-port=1'] }, '/serveFlags/0'],
    'no replicas': [{ replicas: 0 }, '/replicas'],
  };
  test.each(Object.entries(refused))('refuses %s', async (_, [values, message]) => {
    const { code, stderr } = await template(values);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });

  test('passes its linter', async () => {
    const { code, stdout, stderr } = await runAdminTool(['lint', '--strict', chart]);
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
  });
});
