import { ok, warning, type Check } from '../check.ts';

/** matchConditions, which keep pods without GPUs away from the webhook that fails closed, are in this one and later. */
const oldestMinor = 30;

/** It is tried a few times: all of them must fit into the time of the Job, whose log else says nothing. */
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
      ? [warning(what, `gpugate needs matchConditions: Kubernetes 1.${oldestMinor} or later.`)]
      : [ok(what)];
  },
};
