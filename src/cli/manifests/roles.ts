import {
  certificateAccess,
  doctorAccess,
  leaderAccess,
  serverAccess,
  type Access,
  type AccessRule,
} from './access-rules.ts';
import {
  appName,
  doctorName,
  labels,
  type CertificateMode,
  type InstallSettings,
  type ManifestObject,
} from './install-settings.ts';

const group = 'rbac.authorization.k8s.io';
const apiVersion = `${group}/v1`;

/** The ClusterRole and the Role of an access, each with the binding to the ServiceAccount. */
function rolesOf(
  name: string,
  { cluster, namespace: inside }: Access,
  { namespace, account }: { readonly namespace: string; readonly account: string },
): ManifestObject[] {
  const subjects = [{ kind: 'ServiceAccount', name: account, namespace }];
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

/** The roles of gpugate by name, and what each allows. */
export function accessByRole(certificates: CertificateMode): Readonly<Record<string, Access>> {
  return {
    'gpugate-server': serverAccess,
    'gpugate-leader': leaderAccess,
    ...(certificates === 'self-managed' ? { 'gpugate-certificates': certificateAccess } : {}),
  };
}

export function roles({ namespace, certificates }: InstallSettings): readonly ManifestObject[] {
  const subject = { namespace, account: appName };
  return Object.entries(accessByRole(certificates)).flatMap(([name, access]) => rolesOf(name, access, subject));
}

export function doctorRoles({ namespace }: InstallSettings): readonly ManifestObject[] {
  return rolesOf(doctorName, doctorAccess, { namespace, account: doctorName });
}
