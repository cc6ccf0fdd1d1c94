import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { exemptionOptions, kubeconfigHelp } from '../flags.ts';
import { outputOption } from '../report/print-report.ts';
import type { AuditFlags } from './run-audit.ts';

/** `gpugate audit`: judges by policies and quotas what already runs. */
export function defineAudit(command: Command, context: CliContext): void {
  outputOption(command)
    .option('--kubeconfig <file>', kubeconfigHelp)
    .option('--manifests <paths...>', 'read objects that `kubectl get -o json` wrote instead of a cluster')
    .option(
      '--snapshot <file>',
      'read the pods of a file that `gpugate snapshot` wrote; some rules need more than it has',
    )
    .option(
      '--policies <paths...>',
      'files and directories of WorkloadPolicy and TenantQuota objects: shows what they would change if the cluster or ' +
        'the manifests contain others, and otherwise what violates them',
    )
    .option(
      '--records <paths...>',
      'with --policies: also show which decisions that `gpugate serve --record` wrote would change, as replay does',
    );
  exemptionOptions(command)
    .option('--policy-report', 'print PolicyReport objects (wgpolicyk8s.io) for kubectl apply')
    .option('--apply', 'with --policy-report: write them to the cluster, and delete those that are now empty')
    .action(async (flags: AuditFlags) => {
      // Not earlier, because completion and help load this module and judge nothing.
      const { runAudit } = await import('./run-audit.ts');
      await runAudit(flags, context);
    });
}
