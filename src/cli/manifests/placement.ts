import type { InstallSettings } from './install-settings.ts';

/** Fields of a pod that say from where its image may be pulled and on which nodes it may run; none where nothing is said. */
export function placement({ imagePullSecrets, nodeSelector, tolerations }: InstallSettings) {
  return {
    ...(imagePullSecrets.length === 0 ? {} : { imagePullSecrets }),
    ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector }),
    ...(tolerations.length === 0 ? {} : { tolerations }),
  };
}
