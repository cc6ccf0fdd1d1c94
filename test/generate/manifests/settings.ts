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

/** The settings of manifests/base, and the default values of the Helm chart. */
export const defaults: InstallSettings = defaultSettings(version, reviewedKinds);

/** The settings of each overlay in manifests/overlays. */
export const overlaySettings = {
  'self-managed': defaults,
  'cert-manager': { ...defaults, certificates: 'cert-manager' },
  'high-availability': { ...defaults, replicas: 3, spread: 'required' },
} as const satisfies Readonly<Record<string, InstallSettings>>;

/** Identifies an object. */
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
  ResourceQuota: 'deployment',
  Issuer: 'certificates',
  Certificate: 'certificates',
  MutatingWebhookConfiguration: 'webhooks',
  ValidatingWebhookConfiguration: 'webhooks',
};

/** Settings that add objects, each in a file of that name: a component of kustomize, a value of the chart. */
export const additions = ['monitoring', 'doctor'] as const;
const none = { monitoring: false, doctor: false };

/** Objects by their file, both in order. */
export function byFile(settings: InstallSettings): ReadonlyMap<string, readonly ManifestObject[]> {
  const keysOf = (added: object) => new Set(installObjects({ ...settings, ...none, ...added }).map(keyOf));
  const plain = keysOf({});
  const added = additions.map((name) => [name, keysOf({ [name]: true })] as const);
  const files = new Map<string, ManifestObject[]>();
  for (const object of installObjects(settings)) {
    const key = keyOf(object);
    const file = plain.has(key) ? fileOfKind[object.kind] : added.find(([, keys]) => keys.has(key))?.[0];
    if (file === undefined) throw new Error(`no file is meant for ${keyOf(object)}`);
    files.set(file, [...(files.get(file) ?? []), object]);
  }
  return files;
}

export const header = '# Generated from src/cli/manifests by `npm run generate`; do not edit.\n';
