import type { AccessRule } from '../../../src/cli/manifests/access-rules.ts';
import type { ManifestObject } from '../../../src/cli/manifests/install-settings.ts';
import { resourceKey, type AuditedRequest } from './audit-trail.ts';

/** One verb on one resource, as narrow as a role says it. */
export type RoleLine = {
  readonly role: string;
  readonly verb: string;
  readonly resource: string;
  /** Undefined: any object, or one that has no name yet. */
  readonly names: readonly string[] | undefined;
  /** Undefined: in every namespace, and outside of them. */
  readonly namespace: string | undefined;
};

/** Every line of every Role and ClusterRole among the objects. */
export function roleLines(objects: readonly ManifestObject[]): readonly RoleLine[] {
  return objects
    .filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole')
    .flatMap(({ kind, metadata, ...fields }) =>
      (fields['rules'] as readonly AccessRule[]).flatMap(({ apiGroups: [group], resources, resourceNames, verbs }) =>
        resources.flatMap((path) => {
          const [resource = '', subresource] = path.split('/');
          const line = {
            role: `${kind} ${metadata.name}`,
            resource: resourceKey(group, resource, subresource),
            names: resourceNames,
            namespace: metadata.namespace,
          };
          return verbs.map((verb) => ({ ...line, verb }));
        }),
      ),
    );
}

export function allows(line: RoleLine, { verb, resource, namespace, name }: AuditedRequest): boolean {
  return (
    line.verb === verb &&
    line.resource === resource &&
    (line.namespace === undefined || line.namespace === namespace) &&
    (line.names === undefined || line.names.includes(name))
  );
}

/** `Role gpugate-leader: update leases.coordination.k8s.io gpugate` */
export function describeLine({ role, verb, resource, names = [] }: RoleLine): string {
  return [`${role}: ${verb} ${resource}`, ...names].join(' ');
}
