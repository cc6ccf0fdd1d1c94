import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../../../src/text/errors.ts';
import { runAudit, type AuditFlags } from '../../../src/cli/audit/run-audit.ts';
import type { CliContext } from '../../../src/cli/context.ts';
import { systemNamespaces } from '../../../src/api/webhook-configuration.ts';

export type AuditRun = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** One audit in this process, as the command would run it: exit code 2 stands for an InputError. */
export async function audit(flags: Partial<AuditFlags>): Promise<AuditRun> {
  let [code, stdout, stderr] = [0, '', ''];
  const context: CliContext = {
    version: '1.2.3',
    environment: {},
    isTerminal: false,
    directory: '/',
    interrupted: () => Promise.resolve(),
    showProgress: () => undefined,
    fail: (given = 1) => void (code = given),
    write: (text) => void (stdout += text),
    writeError: (text) => void (stderr += text),
  };
  const defaults: AuditFlags = { output: 'text', exemptNamespaces: systemNamespaces, exemptUsers: [] };
  try {
    await runAudit({ ...defaults, ...flags }, context);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { code: 2, stdout, stderr: error.message };
  }
  return { code, stdout, stderr };
}

/** A file in a directory of its own; an object is written as JSON, which is YAML too. */
export function fileOf(content: unknown, name = 'objects.yaml'): string {
  const file = join(mkdtempSync(join(tmpdir(), 'gpugate-audit-')), name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

export const listOf = (...items: readonly object[]) => ({ apiVersion: 'v1', kind: 'List', items });

export const policyOf = (name: string, spec: object) => ({
  apiVersion: 'gpugate.dev/v1alpha1',
  kind: 'WorkloadPolicy',
  metadata: { name },
  spec,
});

export const quotaOf = (name: string, spec: object) => ({
  apiVersion: 'gpugate.dev/v1alpha1',
  kind: 'TenantQuota',
  metadata: { name },
  spec,
});

type PodParts = {
  readonly metadata?: object;
  readonly spec?: object;
  readonly limits?: Readonly<Record<string, string>>;
  readonly status?: object;
};

/** A pod with one container, as the API server shows it. */
export const podOf = (namespace: string, name: string, parts: PodParts = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, uid: `uid-of-${namespace}-${name}`, ...parts.metadata },
  spec: { containers: [{ name: 'c', image: 'none', resources: { limits: parts.limits ?? {} } }], ...parts.spec },
  ...(parts.status === undefined ? {} : { status: parts.status }),
});
