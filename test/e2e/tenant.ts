import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlPlaneConnection, KubectlResult } from '../controlplane/connect.ts';
import { examplePods } from '../support/examples.ts';

/** kubectl as a tenant types it: alice, who may edit in every namespace and is exempt from nothing. */
export type Tenant = (args: string[], input?: unknown) => Promise<KubectlResult>;

export function createTenant(cluster: ControlPlaneConnection): Tenant {
  return (args, input) =>
    cluster.kubectl(args, {
      as: 'alice',
      asGroups: ['tenants', 'system:authenticated'],
      ...(input === undefined ? {} : { input: typeof input === 'string' ? input : JSON.stringify(input) }),
    });
}

export function examplePod(name: string): string {
  return readFileSync(join(examplePods, `${name}.yaml`), 'utf8');
}

export type StoredPod = {
  metadata: { name: string; labels: Record<string, string>; annotations?: Record<string, string>; uid: string };
  spec: {
    containers: {
      name: string;
      env?: { name: string; value: string }[];
      resources: { limits: Record<string, string>; requests: Record<string, string> };
    }[];
  };
  status: { phase: string };
};

/** Runs kubectl with `-o json` and reads what it prints; throws with kubectl's own words when it fails. */
export async function jsonOf<T>(result: Promise<KubectlResult>): Promise<T> {
  const { code, stdout, stderr } = await result;
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as T;
}

let serial = 0;

/** A name that keeps the example policies' format, new each time. */
export function newName(prefix = 'job'): string {
  return `${prefix}-${++serial}-x${process.pid}`;
}

/** A pod of alice's with one shared GPU that keeps every rule. */
export function tenantPod(
  overrides: {
    name?: string;
    generateName?: string;
    metadata?: Record<string, unknown>;
    spec?: Record<string, unknown>;
    container?: Record<string, unknown>;
    limits?: Record<string, unknown>;
  } = {},
): {
  apiVersion: string;
  kind: string;
  metadata: { name?: string } & Record<string, unknown>;
  spec: Record<string, unknown>;
} {
  const {
    name = newName(),
    generateName,
    metadata,
    spec,
    container,
    limits = { 'nvidia.com/gpu.shared': '1' },
  } = overrides;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...(generateName === undefined ? { name } : { generateName }),
      namespace: 'proj-a',
      labels: { 'group-id': 'g1' },
      ...metadata,
    },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image: 'registry.example/x:1', resources: { limits }, ...container }],
      ...spec,
    },
  };
}
