import { stringify } from 'yaml';
import { compileExemptions } from '../../admission/exemption.ts';
import type { WorkloadPolicy } from '../../api/workload-policy.ts';
import { formatFault } from '../../api/fault.ts';
import { messageOf } from '../../api/message-of.ts';
import { ApiError } from '../../cluster/api-error.ts';
import type { ApiClient } from '../../cluster/client.ts';
import { readSnapshotFile } from '../../cluster/snapshot-file.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { InputError } from '../input-error.ts';
import { loadPolicies } from '../load-policies.ts';
import { kindsOf, resourcesOf } from '../manifests/webhook-configurations.ts';
import type { CliContext } from '../program.ts';
import { auditJson, whatIfJson } from './audit-json.ts';
import { auditObjects, type Audit } from './audit-objects.ts';
import type { AuditSource } from './audit-source.ts';
import { openManifestSource } from './manifest-source.ts';
import { policyReportsOf } from './policy-report.ts';
import { renderAudit } from './render-audit.ts';
import { renderWhatIf } from './render-what-if.ts';
import { auditSnapshot } from './snapshot-audit.ts';
import { compareObjects, type WhatIf } from './what-if.ts';

export type AuditFlags = {
  readonly kubeconfig?: string;
  readonly manifests?: readonly string[];
  readonly snapshot?: string;
  readonly policies?: readonly string[];
  readonly exemptNamespaces: readonly string[];
  readonly exemptUsers: readonly string[];
  readonly output: 'text' | 'json';
  readonly policyReport?: boolean;
  readonly apply?: boolean;
};

type Opened = { readonly source: AuditSource; readonly client: ApiClient | undefined };

/** Runs one audit, prints it, and says the exit code. Rejects with InputError for wrong flags and files. */
export async function runAudit(flags: AuditFlags, context: CliContext): Promise<void> {
  refuseWrongFlags(flags);
  const given = await loadPolicies(flags.policies ?? []);
  try {
    if (flags.snapshot !== undefined) await ofSnapshot(flags.snapshot, given, { flags, context });
    else await ofObjects(given, { flags, context });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    context.writeError(`gpugate: ${error.message}${error.isForbidden ? rightsHint(given) : ''}\n`);
    context.fail(exitCodes.undecided);
  } finally {
    context.showProgress('');
  }
}

type Run = { readonly flags: AuditFlags; readonly context: CliContext };

async function ofSnapshot(file: string, policies: readonly WorkloadPolicy[], run: Run): Promise<void> {
  const read = await readSnapshotFile(file);
  if ('faults' in read) throw new InputError(read.faults.map(formatFault).join('\n'));
  const { snapshot } = read;
  refuseNothing(policies.length + snapshot.quotas.length, 'the snapshot holds no quotas');
  await print(await auditSnapshot({ snapshot, policies, findExemption: exemptionOf(run.flags) }), run);
}

async function ofObjects(given: readonly WorkloadPolicy[], run: Run): Promise<void> {
  const { flags, context } = run;
  const { source, client } = await openSource(run);
  const findExemption = exemptionOf(flags);
  const options = { source, findExemption, onProgress: context.showProgress };
  // Files without policies have nothing to compare with: then the given ones are simply those to judge by.
  const isWhatIf = given.length > 0 && (client !== undefined || source.policies.length > 0);
  if (isWhatIf) {
    if (flags.policyReport === true) {
      throw new InputError(
        '--policy-report is about the policies in force: leave out --policies, which would change them',
      );
    }
    printWhatIf(await compareObjects({ ...options, policies: given }), run);
    return;
  }
  const policies = given.length > 0 ? given : source.policies;
  const { quotas } = source;
  refuseNothing(
    policies.length + quotas.length + source.faults.length,
    client === undefined
      ? 'no WorkloadPolicy or TenantQuota is in the manifests'
      : 'the cluster has no WorkloadPolicy and no TenantQuota',
  );
  await print(await auditObjects({ ...options, policies, quotas }), run, client);
}

async function openSource({ flags, context }: Run): Promise<Opened> {
  if (flags.manifests !== undefined) return { source: await openManifestSource(flags.manifests), client: undefined };
  // Only here: no cluster is asked for anything while files will do.
  const [{ findApiServer }, { createClient }, { systemClock }, { openLiveSource }] = await Promise.all([
    import('../../cluster/find-api-server.ts'),
    import('../../cluster/client.ts'),
    import('../../cluster/system-clock.ts'),
    import('./live-source.ts'),
  ]);
  const access = { environment: context.environment, kubeconfig: flags.kubeconfig };
  const server = await findApiServer(access).catch((error: unknown) => {
    throw new InputError(messageOf(error));
  });
  const client = createClient(server, systemClock);
  context.showProgress('auditing: namespaces, nodes, policies and quotas');
  return { client, source: await openLiveSource(client) };
}

async function print(audit: Audit, { flags, context }: Run, client?: ApiClient): Promise<void> {
  context.showProgress('');
  if (flags.policyReport !== true) context.write(flags.output === 'json' ? auditJson(audit) : renderAudit(audit));
  else {
    const reports = policyReportsOf(audit, Date.now());
    if (flags.apply === true && client !== undefined) {
      const { writePolicyReports } = await import('./write-policy-reports.ts');
      const { written, removed } = await writePolicyReports(client, reports);
      context.write(`policy reports: ${written} written, ${removed} removed\n`);
    } else
      context.write(reports.map((report) => `---\n${stringify(report, { aliasDuplicateObjects: false })}`).join(''));
    for (const line of audit.notJudged) context.writeError(`gpugate: not judged: ${line}\n`);
  }
  const isViolated = audit.tally.objects.refused > 0 || audit.overuse.some(({ enforcement }) => enforcement === 'Deny');
  leave(isViolated, audit.notJudged, context);
}

function printWhatIf(whatIf: WhatIf, { flags, context }: Run): void {
  context.showProgress('');
  context.write(flags.output === 'json' ? whatIfJson(whatIf) : renderWhatIf(whatIf));
  leave(whatIf.totals['newly refused'] > 0, whatIf.notJudged, context);
}

/** What is violated counts for more than what could not be judged. */
function leave(isViolated: boolean, notJudged: readonly string[], context: CliContext): void {
  const code: ExitCode = isViolated ? exitCodes.failed : notJudged.length > 0 ? exitCodes.undecided : exitCodes.ok;
  if (code !== exitCodes.ok) context.fail(code);
}

function exemptionOf({ exemptNamespaces, exemptUsers }: AuditFlags) {
  return compileExemptions({ namespaces: exemptNamespaces, users: exemptUsers, groups: [] });
}

function refuseWrongFlags({ kubeconfig, manifests, snapshot, policyReport, apply }: AuditFlags): void {
  const sources = { '--kubeconfig': kubeconfig, '--manifests': manifests, '--snapshot': snapshot };
  const named = Object.entries(sources).flatMap(([flag, value]) => (value === undefined ? [] : [flag]));
  if (named.length > 1)
    throw new InputError(`${named.join(' and ')}: give one of them, since each says what is judged`);
  if (apply !== true) return;
  if (policyReport !== true) throw new InputError('--apply writes policy reports: give --policy-report with it');
  if (manifests !== undefined || snapshot !== undefined) {
    throw new InputError(`--apply writes to the cluster that is judged: leave out ${named.join('')}`);
  }
}

function refuseNothing(count: number, why: string): void {
  if (count === 0) throw new InputError(`nothing to judge by: ${why}. Give --policies with files of WorkloadPolicy.`);
}

/** All that an audit lists, so that one look at the roles is enough. */
function rightsHint(given: readonly WorkloadPolicy[]): string {
  const kinds = kindsOf(given).map((kind) => {
    const { group, resource } = resourcesOf[kind];
    return group === '' ? resource : `${resource}.${group}`;
  });
  const own = ['namespaces', 'nodes', 'workloadpolicies.gpugate.dev', 'tenantquotas.gpugate.dev'];
  return ` An audit needs the verb list, in all namespaces, on ${[...kinds, ...own].join(', ')}, and on the other kinds that policies name.`;
}
