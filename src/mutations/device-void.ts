import { asksForGpu } from '../workload/demand.ts';
import { showsDevices, visibleDevicesVariable } from '../workload/device-access.ts';
import { resourceContainers } from '../workload/pod.ts';
import type { Mutation } from './mutation.ts';

/**
 * Fields looked at: env of containers and init containers. A new pod has no ephemeral containers.
 * The variable is set even where the pod does not, because images may contain it. Values that show no GPU stay.
 */
export const deviceVoid: Mutation = {
  id: 'device-void',
  summary: `Sets \`${visibleDevicesVariable}=void\` on every container that asks for no GPU.`,
  settings: 'gpu.deviceAccess: Void',
  compile: (spec) => {
    if (spec.gpu?.deviceAccess !== 'Void') return undefined;
    return (draft) => {
      for (const container of resourceContainers(draft.pod)) {
        if (asksForGpu(container)) continue;
        const isSet = container.env.some(({ name }) => name === visibleDevicesVariable);
        if (!isSet || container.env.some(showsDevices)) draft.setEnv(container, visibleDevicesVariable, 'void');
      }
    };
  },
};
