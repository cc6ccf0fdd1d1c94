import { compileExemptions } from '../../admission/exemption.ts';
import type { ClusterSnapshot } from '../../api/cluster-snapshot.ts';
import type { WorkloadPolicy } from '../../api/workload-policy.ts';
import { formatProblem } from '../../text/problem.ts';
import { messageOf } from '../../text/message-of.ts';
import { ApiError } from '../../cluster/client/api-error.ts';
import type { ApiClient } from '../../cluster/client/client.ts';
import { readSnapshotFile } from '../../files/snapshot-file.ts';
import { usageOfSnapshot } from '../../files/snapshot-usage.ts';
import { exitCodes } from '../exit-codes.ts';
import { InputError } from '../input-error.ts';
import { loadRules, type LoadedRules } from '../load-rules.ts';
import { kindsOf, resourcesOf } from '../manifests/webhook-configurations.ts';
import type { CliContext } from '../program.ts';
import type { OutputFormat } from '../report/registry.ts';
import { auditObjects } from './audit-objects.ts';
import type { AuditSource } from './audit-source.ts';
import { openManifestSource } from './manifest-source.ts';
import { printAudit, printPolicyReports, printWhatIf } from './print-audit.ts';
import { replayRecords } from './recorded-decisions.ts';
import { auditSnapshot } from './snapshot-audit.ts';
import { podsInUse } from './usage-of-pods.ts';
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

/** Runs one audit, prints it, and says the exit code. Rejects with InputError for wrong flags and files. */
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
  const read = await readSnapshotFile(file);
  if ('problems' in read) throw new InputError(read.problems.map(formatProblem).join('\n'));
  const { snapshot } = read;
  refuseNothing(
    given.policies.length + given.quotas.length + snapshot.quotas.length,
    'the snapshot holds no TenantQuota',
  );
  const audit = await auditSnapshot({ ...given, snapshot, findExemption: exemptionOf(flags) });
  const recorded = await recordsOnSnapshot(snapshot, given, { flags, context });
  if (flags.policyReport === true) await printPolicyReports(audit, undefined, context);
  else await printAudit(audit, flags.output, context, recorded);
}

async function recordsOnSnapshot(snapshot: ClusterSnapshot, given: LoadedRules, { flags, context }: Run) {
  if (flags.records === undefined) return undefined;
  const { facts, pods, quotas } = usageOfSnapshot(snapshot);
  const basis = { ...given, ...(given.quotas.length === 0 && { quotas }), facts, output: flags.output };
  return replayRecords(flags.records, { ...basis, pods: () => Promise.resolve(pods) }, context);
}

async function ofObjects(given: LoadedRules, run: Run): Promise<void> {
  const { flags, context } = run;
  const { source, client } = await openSource(run);
  const policies = given.policies.length > 0 ? given.policies : source.policies;
  const quotas = given.quotas.length > 0 ? given.quotas : source.quotas;
  const options = { source, policies, quotas, findExemption: exemptionOf(flags), onProgress: context.showProgress };
  const pods = () => podsInUse(source, quotas);
  const basis = { policies, quotas, facts: source.facts, pods, output: flags.output };
  if (isWhatIf(given, { source, client })) {
    if (flags.policyReport === true) {
      throw new InputError('--policy-report is about what is in force: leave out --policies, which would change it');
    }
    const whatIf = await compareObjects(options);
    context.showProgress('');
    const recorded = await replayRecords(flags.records, basis, context);
    await printWhatIf(whatIf, flags.output, context, recorded);
    return;
  }
  refuseNothing(
    policies.length + quotas.length + source.problems.length,
    `${client === undefined ? 'among the manifests there is' : 'the cluster has'} no WorkloadPolicy and no TenantQuota`,
  );
  const audit = await auditObjects(options);
  context.showProgress('');
  const recorded = await replayRecords(flags.records, basis, context);
  if (flags.policyReport !== true) await printAudit(audit, flags.output, context, recorded);
  else await printPolicyReports(audit, flags.apply === true ? client : undefined, context);
}

/** Files without policies have nothing to compare with: then the given ones are simply those to judge by. */
function isWhatIf(given: LoadedRules, { source, client }: Opened): boolean {
  if (client !== undefined) return given.policies.length + given.quotas.length > 0;
  return (
    (given.policies.length > 0 && source.policies.length > 0) || (given.quotas.length > 0 && source.quotas.length > 0)
  );
}

async function openSource({ flags, context }: Run): Promise<Opened> {
  if (flags.manifests !== undefined) return { source: await openManifestSource(flags.manifests), client: undefined };
  // Only here: no cluster is asked for anything while files will do.
  const [{ findApiServer }, { createClient }, { systemClock }, { openLiveSource }] = await Promise.all([
    import('../../cluster/client/find-api-server.ts'),
    import('../../cluster/client/client.ts'),
    import('../../cluster/client/retry.ts'),
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

function exemptionOf({ exemptNamespaces, exemptUsers }: AuditFlags) {
  return compileExemptions({ namespaces: exemptNamespaces, users: exemptUsers, groups: [] });
}

function refuseWrongFlags(flags: AuditFlags): void {
  const { kubeconfig, manifests, snapshot, policies, records, policyReport, apply } = flags;
  if (records !== undefined && policies === undefined) {
    throw new InputError('--records tells what other policies would change: give them with --policies');
  }
  if (records !== undefined && policyReport === true) {
    throw new InputError('--policy-report is about what runs, and not about --records: leave out one of them');
  }
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
  if (count === 0) throw new InputError(`nothing to judge by: ${why}. Give --policies with files of either.`);
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
