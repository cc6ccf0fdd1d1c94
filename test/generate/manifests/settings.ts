import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reviewedKinds } from '../../../src/api/workload-policy.ts';
import { installObjects } from '../../../src/cli/manifests/install.ts';
import {
  defaultSettings,
  type InstallSettings,
  type ManifestObject,
} from '../../../src/cli/manifests/install-settings.ts';

const packageFile = join(import.meta.dirname, '../../../package.json');
export const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };

/** What stands in manifests/base, and as default values in the Helm chart. */
export const defaults: InstallSettings = defaultSettings(version, reviewedKinds);

/** The settings that each overlay of manifests/overlays stands for. */
export const overlaySettings = {
  'self-managed': defaults,
  'cert-manager': { ...defaults, certificates: 'cert-manager' },
  'high-availability': { ...defaults, replicas: 3, spread: 'required' },
} as const satisfies Readonly<Record<string, InstallSettings>>;

/** What tells objects apart. */
export function keyOf({ apiVersion, kind, metadata }: ManifestObject): string {
  return [apiVersion, kind, metadata.namespace ?? '', metadata.name].join(' ');
}

const fileOfKind: Readonly<Record<string, string>> = {
  Namespace: 'namespace',
  CustomResourceDefinition: 'crds',
  ServiceAccount: 'access',
  Role: 'access',
  RoleBinding: 'access',
  ClusterRole: 'access',
  ClusterRoleBinding: 'access',
  Service: 'network',
  NetworkPolicy: 'network',
  Deployment: 'deployment',
  PodDisruptionBudget: 'deployment',
  Issuer: 'certificates',
  Certificate: 'certificates',
  MutatingWebhookConfiguration: 'webhooks',
  ValidatingWebhookConfiguration: 'webhooks',
};

/** Objects by the file they stand in, both in order. What is only there with monitoring has a file of its own. */
export function byFile(settings: InstallSettings): ReadonlyMap<string, readonly ManifestObject[]> {
  const unmonitored = new Set(installObjects({ ...settings, monitoring: false }).map(keyOf));
  const files = new Map<string, ManifestObject[]>();
  for (const object of installObjects(settings)) {
    const file = unmonitored.has(keyOf(object)) ? fileOfKind[object.kind] : 'monitoring';
    if (file === undefined) throw new Error(`no file is meant for ${keyOf(object)}`);
    files.set(file, [...(files.get(file) ?? []), object]);
  }
  return files;
}

export const header = '# Generated from src/cli/manifests by `npm run generate`; do not edit.\n';
