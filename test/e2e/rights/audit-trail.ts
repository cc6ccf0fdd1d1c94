import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One request of the watched user, as the API server's audit log tells it. */
export type AuditedRequest = {
  readonly verb: string;
  /** `pods`, `tenantquotas.gpugate.dev/status` */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly status: number;
};

type AuditEvent = {
  verb: string;
  requestURI: string;
  objectRef?: { resource: string; subresource?: string; apiGroup?: string; namespace?: string; name?: string };
  responseStatus?: { code: number };
};

export type AuditTrail = {
  /** For kube-apiserver. */
  readonly flags: string[];
  readonly read: () => Promise<readonly AuditedRequest[]>;
};

/** Lets an API server note every request of one user, and of nobody else. */
export async function createAuditTrail(directory: string, user: string): Promise<AuditTrail> {
  const policy = join(directory, 'audit-policy.json');
  const log = join(directory, 'audit.log');
  const rules = [{ level: 'Metadata', users: [user], omitStages: ['RequestReceived'] }, { level: 'None' }];
  await writeFile(policy, JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules }));
  return {
    // A watch is told at its start and at its end, each other request once, before its answer is sent.
    flags: [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`, '--audit-log-mode=blocking'],
    read: async () => {
      const lines = (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '');
      return lines.map((line) => requestOf(JSON.parse(line) as AuditEvent));
    },
  };
}

function requestOf({ verb, requestURI, objectRef, responseStatus }: AuditEvent): AuditedRequest {
  const { resource = requestURI, subresource, apiGroup = '', namespace = '', name = '' } = objectRef ?? {};
  return {
    verb,
    resource: resourceKey(apiGroup, resource, subresource),
    namespace,
    name,
    status: responseStatus?.code ?? 0,
  };
}

/** `tenantquotas.gpugate.dev/status`, as kubectl writes them. */
export function resourceKey(group: string, resource: string, subresource?: string): string {
  const whole = group === '' ? resource : `${resource}.${group}`;
  return subresource === undefined || subresource === '' ? whole : `${whole}/${subresource}`;
}
