import type { Access, AccessRule } from '../manifests/access-rules.ts';
import type { CertificateMode } from '../manifests/install-settings.ts';
import { accessByRole } from '../manifests/roles.ts';

/** The `resourceAttributes` of an access review: one verb on one resource, as narrow as in the roles. */
export type ResourceAttributes = {
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly verb: string;
};

export type NeededRight = {
  readonly attributes: ResourceAttributes;
  /** Each of these roles gives the right, such as `ClusterRole gpugate-server`. */
  readonly roles: readonly string[];
};

/** Every right of the roles that gpugate is installed with, once. */
export function neededRights(certificates: CertificateMode, namespace: string): readonly NeededRight[] {
  return rightsOf(accessByRole(certificates), namespace);
}

export function rightsOf(roles: Readonly<Record<string, Access>>, namespace: string): readonly NeededRight[] {
  const rights = new Map<string, NeededRight>();
  for (const [name, access] of Object.entries(roles)) {
    const lines = [
      ...access.cluster.flatMap((rule) => attributesOf(rule, {}).map((one) => [`ClusterRole ${name}`, one] as const)),
      ...access.namespace.flatMap((rule) =>
        attributesOf(rule, { namespace }).map((one) => [`Role ${name}`, one] as const),
      ),
    ];
    for (const [role, attributes] of lines) {
      const key = describeRight(attributes);
      rights.set(key, { attributes, roles: [...(rights.get(key)?.roles ?? []), role] });
    }
  }
  return [...rights.values()];
}

function attributesOf(rule: AccessRule, place: { readonly namespace?: string }): ResourceAttributes[] {
  const names = rule.resourceNames === undefined ? [{}] : rule.resourceNames.map((name) => ({ name }));
  return rule.resources.flatMap((path) => {
    const [resource = '', subresource] = path.split('/');
    const what = { group: rule.apiGroups[0], resource, ...(subresource === undefined ? {} : { subresource }) };
    return names.flatMap((name) => rule.verbs.map((verb) => ({ ...what, ...name, ...place, verb })));
  });
}

/** `update leases.coordination.k8s.io "gpugate" in namespace gpugate-system` */
export function describeRight({ verb, group, resource, subresource, name, namespace }: ResourceAttributes): string {
  const plural = group === '' ? resource : `${resource}.${group}`;
  const part = subresource === undefined ? '' : `/${subresource}`;
  const object = name === undefined ? '' : ` "${name}"`;
  return `${verb} ${plural}${part}${object}${namespace === undefined ? '' : ` in namespace ${namespace}`}`;
}
