import type { Command } from 'commander';
import { systemNamespaces } from '../../api/system-namespaces.ts';
import type { CliContext } from '../program.ts';
import { outputOption } from '../report/registry.ts';
import type { AuditFlags } from './run-audit.ts';
import { separated } from '../list-flags.ts';

/** `gpugate audit`: what already runs against policies and quotas. */
export function defineAudit(command: Command, context: CliContext): void {
  outputOption(command)
    .option('--kubeconfig <file>', "which cluster; absent: the pod's ServiceAccount, KUBECONFIG, ~/.kube/config")
    .option('--manifests <paths...>', 'objects out of files that `kubectl get -o json` wrote, in place of a cluster')
    .option('--snapshot <file>', 'the pods of a file that `gpugate snapshot` wrote: some rules cannot be judged by it')
    .option(
      '--policies <paths...>',
      'files and directories of WorkloadPolicy and TenantQuota objects: what they would change, in a cluster or a dump that has others; else what violates them',
    )
    .option(
      '--records <paths...>',
      'with --policies: which decisions that `gpugate serve --record` wrote down would change, too, as replay says it',
    )
    .option(
      '--exempt-namespaces <globs>',
      'never judged, as with serve; comma separated',
      separated,
      systemNamespaces as readonly string[],
    )
    .option('--exempt-users <globs>', 'what they created is never judged, as with serve', separated, [])
    .option('--policy-report', 'print PolicyReport objects (wgpolicyk8s.io) instead, for kubectl apply')
    .option('--apply', 'with --policy-report: write them to the cluster, and remove those that have become empty')
    .action(async (flags: AuditFlags) => {
      // Only here: to judge takes far more to load than to print a help page.
      const { runAudit } = await import('./run-audit.ts');
      await runAudit(flags, context);
    });
}
