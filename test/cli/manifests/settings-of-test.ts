import { reviewedKinds } from '../../../src/api/workload-policy.ts';
import { installObjects } from '../../../src/cli/manifests/install.ts';
import {
  certificateModes,
  defaultSettings,
  type InstallSettings,
  type ManifestObject,
} from '../../../src/cli/manifests/install-settings.ts';

export function settingsOf(settings: Partial<InstallSettings> = {}): InstallSettings {
  return { ...defaultSettings('1.2.3', reviewedKinds), ...settings };
}

export function objectsOf(settings: Partial<InstallSettings> = {}): readonly ManifestObject[] {
  return installObjects(settingsOf(settings));
}

/** The one object of this kind and name. */
export function only(kind: string, settings: Partial<InstallSettings> = {}, name = 'gpugate'): object {
  const found = objectsOf(settings).filter((object) => object.kind === kind && object.metadata.name === name);
  const [object] = found;
  if (object === undefined || found.length > 1) throw new Error(`${found.length} objects are ${kind} ${name}`);
  return object;
}

const caBundle = '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n';

/** Each mode of certificates, with what it needs. */
export const everyMode: readonly (readonly [string, Partial<InstallSettings>])[] = certificateModes.map(
  (certificates) => [certificates, certificates === 'files' ? { certificates, caBundle } : { certificates }],
);
