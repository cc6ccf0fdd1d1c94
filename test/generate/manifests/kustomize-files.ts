import jsonPatch from 'fast-json-patch';
import { replicasAlert } from '../../../src/cli/manifests/alerts.ts';
import { installObjects } from '../../../src/cli/manifests/install.ts';
import { appName, type InstallSettings, type ManifestObject } from '../../../src/cli/manifests/install-settings.ts';
import { yamlOf } from '../../../src/cli/manifests/install.ts';
import { additions, byFile, defaults, header, keyOf, overlaySettings } from './settings.ts';

export type TextFile = { readonly path: string; readonly content: string };

type Patch = { readonly target?: object; readonly patch: string };
type Kustomization = {
  readonly resources?: readonly string[];
  readonly patches?: readonly Patch[];
  readonly replacements?: readonly object[];
};

function kustomization(path: string, kind: 'Kustomization' | 'Component', fields: Kustomization): TextFile {
  const apiVersion = kind === 'Component' ? 'kustomize.config.k8s.io/v1alpha1' : 'kustomize.config.k8s.io/v1beta1';
  return { path: `${path}/kustomization.yaml`, content: header + yamlOf([{ apiVersion, kind, ...fields }]) };
}

/** JSON patches and deletions that turn the objects of the base into those of `to`, and the objects that `to` adds. */
function difference(to: InstallSettings): { patches: Patch[]; added: ManifestObject[] } {
  const wanted = new Map(installObjects(to).map((object) => [keyOf(object), object]));
  const patches = installObjects(defaults).flatMap((object): Patch[] => {
    const { apiVersion, kind, metadata } = object;
    const { name, namespace } = metadata;
    const place = namespace === undefined ? {} : { namespace };
    const other = wanted.get(keyOf(object));
    wanted.delete(keyOf(object));
    if (other === undefined) {
      return [{ patch: yamlOf([{ $patch: 'delete', apiVersion, kind, metadata: { name, ...place } }]) }];
    }
    const operations = jsonPatch.compare(object, other);
    return operations.length === 0 ? [] : [{ target: { kind, name, ...place }, patch: yamlOf([operations]) }];
  });
  return { patches, added: [...wanted.values()] };
}

function overlay(name: string, settings: InstallSettings): TextFile[] {
  const { patches, added } = difference(settings);
  const path = `manifests/overlays/${name}`;
  return [
    kustomization(path, 'Kustomization', {
      resources: ['../../base', ...(added.length === 0 ? [] : ['added.yaml'])],
      ...(patches.length === 0 ? {} : { patches }),
    }),
    ...(added.length === 0 ? [] : [{ path: `${path}/added.yaml`, content: header + yamlOf(added) }]),
  ];
}

/** A component does not know the overlay that it is added to, so it reads the number of replicas from the Deployment. */
const replicasOfOverlay = {
  source: { kind: 'Deployment', name: appName, fieldPath: 'spec.replicas' },
  targets: [
    {
      select: { kind: 'PrometheusRule', name: appName },
      fieldPaths: [`spec.groups.0.rules.[alert=${replicasAlert}].expr`],
      // The last word of `count(...) < 2`.
      options: { delimiter: ' ', index: 2 },
    },
  ],
};

const replacementsOf: Readonly<Record<string, readonly object[]>> = { monitoring: [replicasOfOverlay] };

/** The base is the default installation. Overlays patch it, and a component adds to either. */
export function kustomizeFiles(): readonly TextFile[] {
  const files = byFile({ ...defaults, monitoring: true, doctor: true });
  const apart: ReadonlySet<string> = new Set(['crds', ...additions]);
  const base = [...files.keys()].filter((file) => !apart.has(file));
  const crds = (files.get('crds') ?? []).map(({ metadata }) => `${metadata.name.split('.')[0]}.yaml`);
  const textOf = (file: string) => header + yamlOf(files.get(file) ?? []);
  return [
    kustomization('manifests/crds', 'Kustomization', { resources: crds }),
    kustomization('manifests/base', 'Kustomization', { resources: ['../crds', ...base.map((file) => `${file}.yaml`)] }),
    ...base.map((file) => ({ path: `manifests/base/${file}.yaml`, content: textOf(file) })),
    ...Object.entries(overlaySettings).flatMap(([name, settings]) => overlay(name, settings)),
    ...additions.flatMap((name) => [
      kustomization(`manifests/components/${name}`, 'Component', {
        resources: [`${name}.yaml`],
        ...(name in replacementsOf ? { replacements: replacementsOf[name] } : {}),
      }),
      { path: `manifests/components/${name}/${name}.yaml`, content: textOf(name) },
    ]),
  ];
}
