import { compileExemptions } from '../../admission/exemption.ts';
import { compilePolicy } from '../../admission/policy-set.ts';
import type { WorkloadPolicy } from '../../api/workload-policy.ts';
import { ApiError } from '../../cluster/client/api-error.ts';
import type { ApiClient } from '../../cluster/client/client.ts';
import { InputError, messageOf } from '../../text/errors.ts';
import type { CliContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadSnapshot, type LoadedSnapshot } from '../input/cluster-source.ts';
import { loadRules, type LoadedRules } from '../input/load-rules.ts';
import { kindsOf, resourcesOf } from '../manifests/webhook-configurations.ts';
import { findLogs } from '../replay/read-log.ts';
import { runReplay, type Replayed, type ReplayInput } from '../replay/run-replay.ts';
import type { OutputFormat } from '../report/print-report.ts';
import { auditObjects } from './audit-objects.ts';
import { openManifestSource } from './manifest-source.ts';
import { printAudit, printPolicyReports, printWhatIf } from './print-audit.ts';
import { podsInUse } from './quota-use.ts';
import { auditSnapshot } from './snapshot-audit.ts';
import type { AuditSource } from './stored-object.ts';
import { compareObjects } from './what-if.ts';

export type AuditFlags = {
  readonly kubeconfig?: string;
  readonly manifests?: readonly string[];
  readonly snapshot?: string;
  readonly policies?: readonly string[];
  readonly records?: readonly string[];
  readonly exemptNamespaces: readonly string[];
  readonly exemptUsers: readonly string[];
  readonly output: OutputFormat;
  readonly policyReport?: boolean;
  readonly apply?: boolean;
};

type Opened = { readonly source: AuditSource; readonly client: ApiClient | undefined };

/** Runs one audit, prints it, and sets the exit code. Rejects with InputError for wrong flags and files. */
export async function runAudit(flags: AuditFlags, context: CliContext): Promise<void> {
  refuseWrongFlags(flags);
  const given = await loadRules(flags.policies ?? []);
  try {
    if (flags.snapshot !== undefined) await ofSnapshot(flags.snapshot, given, { flags, context });
    else await ofObjects(given, { flags, context });
  } catch (error) {
    context.showProgress('');
    if (!(error instanceof ApiError)) throw error;
    context.writeError(`gpugate: ${error.message}${error.isForbidden ? rightsHint(given.policies) : ''}\n`);
    context.fail(exitCodes.undecided);
  }
}

type Run = { readonly flags: AuditFlags; readonly context: CliContext };

async function ofSnapshot(file: string, given: LoadedRules, { flags, context }: Run): Promise<void> {
  const loaded = await loadSnapshot(file);
  refuseNothing(
    given.policies.length + given.quotas.length + loaded.usage.quotas.length,
    'the snapshot contains no TenantQuota',
  );
  const audit = await auditSnapshot({ ...given, loaded, findExemption: exemptionOf(flags) });
  const recorded = await recordsOnSnapshot(loaded, given, { flags, context });
  if (flags.policyReport === true) await printPolicyReports(audit, undefined, context);
  else await printAudit(audit, flags.output, context, recorded);
}

function recordsOnSnapshot({ usage }: LoadedSnapshot, given: LoadedRules, run: Run): Promise<Replayed | undefined> {
  const { facts, pods, quotas } = usage;
  const basis = { ...given, ...(given.quotas.length === 0 && { quotas }), facts };
  return replayRecords({ ...basis, pods: () => Promise.resolve(pods) }, run);
}

async function ofObjects(given: LoadedRules, run: Run): Promise<void> {
  const { flags, context } = run;
  const { source, client } = await openSource(run);
  const policies = given.policies.length > 0 ? given.policies : source.policies;
  const quotas = given.quotas.length > 0 ? given.quotas : source.quotas;
  const options = { source, policies, quotas, findExemption: exemptionOf(flags), onProgress: context.showProgress };
  const basis = { policies, quotas, facts: source.facts, pods: () => podsInUse(source, quotas) };
  if (isWhatIf(given, { source, client })) {
    if (flags.policyReport === true) {
      throw new InputError('--policy-report describes what is in force; remove --policies, which would change it');
    }
    const whatIf = await compareObjects(options);
    context.showProgress('');
    await printWhatIf(whatIf, flags.output, context, await replayRecords(basis, run));
    return;
  }
  refuseNothing(
    policies.length + quotas.length + source.problems.length,
    `${client === undefined ? 'the manifests contain' : 'the cluster has'} no WorkloadPolicy and no TenantQuota`,
  );
  const audit = await auditObjects(options);
  context.showProgress('');
  const recorded = await replayRecords(basis, run);
  if (flags.policyReport !== true) await printAudit(audit, flags.output, context, recorded);
  else await printPolicyReports(audit, flags.apply === true ? client : undefined, context);
}

/** Manifests without policies have nothing to compare with, and are judged by the given policies. */
function isWhatIf(given: LoadedRules, { source, client }: Opened): boolean {
  if (client !== undefined) return given.policies.length + given.quotas.length > 0;
  return (
    (given.policies.length > 0 && source.policies.length > 0) || (given.quotas.length > 0 && source.quotas.length > 0)
  );
}

async function openSource({ flags, context }: Run): Promise<Opened> {
  if (flags.manifests !== undefined) return { source: await openManifestSource(flags.manifests), client: undefined };
  // Loads the client of a cluster only if a cluster is asked for.
  const [{ findApiServer }, { createClient }, { systemClock }, { openApiSource }] = await Promise.all([
    import('../../cluster/client/find-api-server.ts'),
    import('../../cluster/client/client.ts'),
    import('../../cluster/client/retry.ts'),
    import('./api-source.ts'),
  ]);
  const access = { environment: context.environment, kubeconfig: flags.kubeconfig };
  const server = await findApiServer(access).catch((error: unknown) => {
    throw new InputError(messageOf(error));
  });
  const client = createClient(server, systemClock);
  context.showProgress('auditing: namespaces, nodes, policies and quotas');
  return { client, source: await openApiSource(client) };
}

type Basis = Pick<ReplayInput, 'facts' | 'quotas'> & {
  readonly policies: readonly WorkloadPolicy[];
  readonly pods: () => Promise<ReplayInput['pods']>;
};

/**
 * The other half of a what-if: the decisions of --records that would change, found by a replay with the facts, policies
 * and quotas of the audit. Undefined without --records. Throws InputError for logs that cannot be read.
 */
async function replayRecords(
  { policies, pods, ...basis }: Basis,
  { flags: { records, output }, context }: Run,
): Promise<Replayed | undefined> {
  if (records === undefined) return undefined;
  const logs = await findLogs(records);
  return runReplay({ ...basis, output, logs, policies: policies.map(compilePolicy), pods: await pods() }, context);
}

function exemptionOf({ exemptNamespaces, exemptUsers }: AuditFlags) {
  return compileExemptions({ namespaces: exemptNamespaces, users: exemptUsers, groups: [] });
}

function refuseWrongFlags(flags: AuditFlags): void {
  const { kubeconfig, manifests, snapshot, policies, records, policyReport, apply } = flags;
  if (records !== undefined && policies === undefined) {
    throw new InputError('--records shows what other policies would change; name them with --policies');
  }
  if (records !== undefined && policyReport === true) {
    throw new InputError(
      '--policy-report cannot be combined with --records: it describes what runs; remove one of them',
    );
  }
  const sources = { '--kubeconfig': kubeconfig, '--manifests': manifests, '--snapshot': snapshot };
  const named = Object.entries(sources).flatMap(([flag, value]) => (value === undefined ? [] : [flag]));
  if (named.length > 1) {
    throw new InputError(`${named.join(' and ')} exclude each other, because each says what is judged; keep one`);
  }
  if (apply !== true) return;
  if (policyReport !== true) throw new InputError('--apply writes policy reports; add --policy-report');
  if (manifests !== undefined || snapshot !== undefined) {
    throw new InputError(`--apply writes to the cluster that is judged; remove ${named.join('')}`);
  }
}

function refuseNothing(count: number, why: string): void {
  if (count === 0) throw new InputError(`nothing to judge by: ${why}. Name files of either with --policies.`);
}

/** Names everything that an audit lists, so that one look at the roles is enough. */
function rightsHint(given: readonly WorkloadPolicy[]): string {
  const kinds = kindsOf(given).map((kind) => {
    const { group, resource } = resourcesOf[kind];
    return group === '' ? resource : `${resource}.${group}`;
  });
  const own = ['namespaces', 'nodes', 'workloadpolicies.gpugate.dev', 'tenantquotas.gpugate.dev'];
  return ` An audit needs the verb list, in all namespaces, on ${[...kinds, ...own].join(', ')}, and on the other kinds that policies name.`;
}
