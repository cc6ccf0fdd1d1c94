import type { AdmissionRequest } from '../../../src/review/decode.ts';
import type { ControlPlaneConnection } from '../../controlplane/connect.ts';
import type { FixtureCase } from './fixture-cases.ts';

type Fields = Readonly<Record<string, unknown>>;
type Stored = Fields & {
  readonly kind: string;
  readonly metadata: Fields & { readonly name: string };
  readonly spec: Fields;
};
type Container = Fields & { readonly resources?: { readonly limits?: Fields } };

const plurals: Readonly<Record<string, string>> = { Pod: 'pods', Service: 'services' };

/** Creates the object for real, as it was before an update; ephemeral containers come afterwards, as they always do. */
export async function store(
  { request }: ControlPlaneConnection,
  { kind, ...object }: NonNullable<FixtureCase['oldObject']>,
  namespace: string,
): Promise<Stored> {
  const { ephemeralContainers, ...spec } = (object['spec'] ?? {}) as Fields;
  const all = `/api/v1/namespaces/${namespace}/${plurals[kind] ?? ''}`;
  const metadata = { ...object.metadata, namespace };
  const created = await request('POST', all, { ...object, kind, metadata, spec });
  if (created.status !== 201) throw new Error(`${namespace}: ${JSON.stringify(created.body)}`);
  const stored = created.body as Stored;
  if (ephemeralContainers === undefined) return stored;
  const path = `${all}/${stored.metadata.name}/ephemeralcontainers`;
  const changed = await request('PUT', path, { ...stored, spec: { ...stored.spec, ephemeralContainers } });
  if (changed.status !== 200) throw new Error(`${namespace}: ${JSON.stringify(changed.body)}`);
  return changed.body as Stored;
}

/** At once, whatever finalizers it has. */
export async function remove(
  { request }: ControlPlaneConnection,
  { kind, metadata: { name } }: Stored,
  namespace: string,
): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/${plurals[kind] ?? ''}/${name}`;
  const mergePatch = { 'content-type': 'application/merge-patch+json' };
  await request('PATCH', path, { metadata: { finalizers: null } }, mergePatch);
  const { status } = await request('DELETE', `${path}?gracePeriodSeconds=0`);
  if (status >= 300) throw new Error(`${path}: ${status}`);
}

/** The update of what is stored into what a fixture wants, by the path that Kubernetes has for it. */
export function updateOf(stored: Stored, { object }: FixtureCase): Pick<AdmissionRequest, 'object' | 'subResource'> {
  const { labels = {}, annotations = {}, finalizers = [] } = object.metadata;
  const metadata = { ...stored.metadata, labels, annotations, finalizers };
  const { ephemeralContainers, containers = [] } = (object['spec'] ?? {}) as Fields;
  if (ephemeralContainers !== undefined) {
    return {
      object: { ...stored, metadata, spec: { ...stored.spec, ephemeralContainers } },
      subResource: 'ephemeralcontainers',
    };
  }
  const wanted = containers as readonly Container[];
  const present = (stored.spec['containers'] ?? []) as readonly Container[];
  const isResized = present.some(({ resources }, index) => {
    const limits = wanted[index]?.resources?.limits;
    return (
      limits !== undefined &&
      JSON.stringify(Object.values(limits).map(String)) !== JSON.stringify(Object.values(resources?.limits ?? {}))
    );
  });
  if (!isResized) return { object: { ...stored, metadata }, subResource: '' };
  const resized = present.map((container, index) => {
    const limits = wanted[index]?.resources?.limits;
    return limits === undefined ? container : { ...container, resources: { limits, requests: limits } };
  });
  return { object: { ...stored, metadata, spec: { ...stored.spec, containers: resized } }, subResource: 'resize' };
}
