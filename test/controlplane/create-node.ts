import type { ControlPlaneConnection } from './connect.ts';

export type NodeOptions = {
  name: string;
  /** What the node offers besides 64 CPUs, 512 GiB and 110 pods, such as { 'nvidia.com/gpu': '8' }. */
  capacity?: Record<string, string>;
  labels?: Record<string, string>;
};

/** A node on which the scheduler places pods. It has no kubelet, so pods that are bound to it stay Pending. */
export const createNode = async (
  { request }: Pick<ControlPlaneConnection, 'request'>,
  { name, capacity = {}, labels = {} }: NodeOptions,
): Promise<void> => {
  const expectStatus = async (wanted: number, ...parameters: Parameters<typeof request>): Promise<void> => {
    const { status, body } = await request(...parameters);
    if (status !== wanted) throw new Error(`node ${name}: ${status} ${JSON.stringify(body)}`);
  };
  const allocatable = { cpu: '64', memory: '512Gi', pods: '110', ...capacity };
  const now = new Date().toISOString();
  const ready = { type: 'Ready', status: 'True', lastHeartbeatTime: now, lastTransitionTime: now };
  const metadata = { name, labels: { 'kubernetes.io/hostname': name, ...labels } };
  const mergePatch = { 'content-type': 'application/merge-patch+json' };

  await expectStatus(201, 'POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata });
  const status = { capacity: allocatable, allocatable, conditions: [ready] };
  await expectStatus(200, 'PATCH', `/api/v1/nodes/${name}/status`, { status }, mergePatch);
  // Admission taints a new node as not ready, and the controller that removes the taint is off (see components.ts).
  await expectStatus(200, 'PATCH', `/api/v1/nodes/${name}`, { spec: { taints: null } }, mergePatch);
};
