/** `nonroot` of distroless images. */
const user = 65_532;

/** Passes the Pod Security level `restricted`; nothing is written to disk, and no capability is needed above port 1024. */
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
