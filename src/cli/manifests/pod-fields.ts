import type { InstallSettings } from './install-settings.ts';

/** How the image is pulled, and on which nodes the pod may run. Only what the settings name. */
export function placement({ imagePullSecrets, nodeSelector, tolerations }: InstallSettings) {
  return {
    ...(imagePullSecrets.length === 0 ? {} : { imagePullSecrets }),
    ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector }),
    ...(tolerations.length === 0 ? {} : { tolerations }),
  };
}

/** The user `nonroot` of distroless images. */
const user = 65_532;

/** Passes the Pod Security level `restricted`. gpugate writes nothing to disk, and ports above 1024 need no capability. */
export const podSecurityContext = {
  runAsNonRoot: true,
  runAsUser: user,
  runAsGroup: user,
  fsGroup: user,
  seccompProfile: { type: 'RuntimeDefault' },
};

export const containerSecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};
