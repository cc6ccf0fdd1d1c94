import { ok, warning, type Check } from '../check.ts';

/** The first version with matchConditions, which keep pods without GPUs away from the webhook that fails closed. */
const oldestMinor = 30;

/** A request is retried a few times. All tries must fit into the time of the Job, or its log would be empty. */
const timeoutMs = 5000;

export const apiServer: Check = {
  id: 'api-server',
  look: async ({ client }) => {
    const { gitVersion, minor } = (await client.request({ method: 'GET', path: '/version', timeoutMs })) as {
      readonly gitVersion: string;
      readonly minor: string;
    };
    const what = `answers, Kubernetes ${gitVersion}`;
    return Number.parseInt(minor, 10) < oldestMinor
      ? [warning(what, `gpugate needs Kubernetes 1.${oldestMinor} or later, because of matchConditions.`)]
      : [ok(what)];
  },
};
