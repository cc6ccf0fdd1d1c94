import { parseAllDocuments } from 'yaml';
import { installObjects } from '../../../src/cli/manifests/install.ts';
import type { InstallSettings, ManifestObject } from '../../../src/cli/manifests/install-settings.ts';
import { keyOf } from '../../generate/manifests/settings.ts';

export type ObjectsByKey = Readonly<Record<string, ManifestObject>>;

/** In whatever order they came. */
function byKey(objects: readonly ManifestObject[]): ObjectsByKey {
  const keyed = Object.fromEntries(objects.map((object) => [keyOf(object), object]));
  if (Object.keys(keyed).length !== objects.length) throw new Error('an object is there twice');
  return keyed;
}

export function objectsIn(yaml: string): ObjectsByKey {
  const objects = parseAllDocuments(yaml).map((document) => document.toJS() as ManifestObject | null);
  return byKey(objects.filter((object) => object !== null));
}

/** What the source makes of these settings. */
export function wanted(settings: InstallSettings): ObjectsByKey {
  return byKey(installObjects(settings));
}

/** Without what no chart holds: the namespace of the release. */
export function withoutNamespace(objects: ObjectsByKey): ObjectsByKey {
  return Object.fromEntries(Object.entries(objects).filter(([, { kind }]) => kind !== 'Namespace'));
}
