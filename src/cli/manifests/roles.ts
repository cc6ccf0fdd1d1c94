import { certificateAccess, leaderAccess, serverAccess, type Access, type AccessRule } from './access-rules.ts';
import { appName, labels, type InstallSettings, type ManifestObject } from './install-settings.ts';

const group = 'rbac.authorization.k8s.io';
const apiVersion = `${group}/v1`;

/** Both halves of an access, each with the binding that gives it to our ServiceAccount. */
function rolesOf(name: string, { cluster, namespace: inside }: Access, namespace: string): ManifestObject[] {
  const subjects = [{ kind: 'ServiceAccount', name: appName, namespace }];
  const pair = (kind: 'ClusterRole' | 'Role', rules: readonly AccessRule[], place: { namespace?: string }) => [
    { apiVersion, kind, metadata: { name, ...place, labels }, rules },
    {
      apiVersion,
      kind: `${kind}Binding`,
      metadata: { name, ...place, labels },
      roleRef: { apiGroup: group, kind, name },
      subjects,
    },
  ];
  return [...pair('ClusterRole', cluster, {}), ...pair('Role', inside, { namespace })];
}

export function roles({ namespace, certificates }: InstallSettings): readonly ManifestObject[] {
  return [
    ...rolesOf('gpugate-server', serverAccess, namespace),
    ...rolesOf('gpugate-leader', leaderAccess, namespace),
    ...(certificates === 'self-managed' ? rolesOf('gpugate-certificates', certificateAccess, namespace) : []),
  ];
}
