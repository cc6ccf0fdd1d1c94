import { type Command, Option } from 'commander';
import { systemNamespaces } from '../../api/system-namespaces.ts';
import type { CliContext } from '../program.ts';
import type { AuditFlags } from './run-audit.ts';

/** `gpugate audit`: what already runs against policies and quotas. */
export function defineAudit(command: Command, context: CliContext): void {
  command
    .option('--kubeconfig <file>', "which cluster; absent: the pod's ServiceAccount, KUBECONFIG, ~/.kube/config")
    .option('--manifests <paths...>', 'objects out of files that `kubectl get -o json` wrote, in place of a cluster')
    .option('--snapshot <file>', 'the pods of a file that `gpugate snapshot` wrote: some rules cannot be judged by it')
    .option(
      '--policies <paths...>',
      'files and directories of WorkloadPolicy objects: what they would change; of files, what violates them',
    )
    .option(
      '--exempt-namespaces <globs>',
      'never judged, as with serve; comma separated',
      splitList,
      systemNamespaces as readonly string[],
    )
    .option('--exempt-users <globs>', 'what they created is never judged, as with serve', splitList, [])
    .addOption(new Option('-o, --output <format>', 'form').choices(['text', 'json']).default('text'))
    .option('--policy-report', 'print PolicyReport objects (wgpolicyk8s.io) instead, for kubectl apply')
    .option('--apply', 'with --policy-report: write them to the cluster, and remove those that have become empty')
    .action(async (flags: AuditFlags) => {
      // Only here: what judges and what asks a cluster takes longer to load than to print a help page.
      const { runAudit } = await import('./run-audit.ts');
      await runAudit(flags, context);
    });
}

function splitList(value: string): readonly string[] {
  return value.split(',').filter((item) => item !== '');
}
