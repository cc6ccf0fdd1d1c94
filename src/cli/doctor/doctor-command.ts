import { type Command, Option } from 'commander';
import { createClient } from '../../cluster/client/client.ts';
import { findApiServer } from '../../cluster/client/find-api-server.ts';
import { systemClock } from '../../cluster/client/retry.ts';
import { certificateModes, defaultNamespace, type CertificateMode } from '../manifests/install-settings.ts';
import type { CliContext } from '../context.ts';
import { kubeconfigHelp, labelFlag, repeated } from '../flags.ts';
import { checks, runChecks, type Diagnosis } from './run-checks.ts';

type Flags = {
  readonly kubeconfig?: string;
  readonly namespace: string;
  readonly service: string;
  readonly certificates: CertificateMode;
  readonly ops: readonly string[];
  readonly output: 'text' | 'json';
};

/** `gpugate doctor`: what is wrong with an installation, and how to fix it. */
export function defineDoctor(command: Command, context: CliContext): void {
  command
    .option('--kubeconfig <file>', kubeconfigHelp)
    .option('--namespace <name>', 'namespace in which gpugate is installed', labelFlag('--namespace'), defaultNamespace)
    .option('--service <name>', 'name of its Service', labelFlag('--service'), 'gpugate')
    .addOption(
      new Option('--certificates <mode>', 'certificate mode of the installation: who issues the serving certificate')
        .choices([...certificateModes])
        .default('self-managed'),
    )
    .option('--ops <url>', 'URL of the probes of a replica outside of the cluster; may be repeated', repeated, [])
    .addOption(new Option('-o, --output <format>', 'output format').choices(['text', 'json']).default('text'))
    .action(async ({ kubeconfig, namespace, service, certificates, ops, output }: Flags) => {
      const server = await findApiServer({ environment: context.environment, kubeconfig });
      const isInside = kubeconfig === undefined && (context.environment['KUBERNETES_SERVICE_HOST'] ?? '') !== '';
      const diagnoses = await runChecks(
        checks,
        {
          client: createClient(server, systemClock),
          namespace,
          service,
          certificates,
          opsUrls: ops,
          isInside,
          now: Date.now,
        },
        output === 'text' ? (id) => context.showProgress(`checking ${id} ...`) : undefined,
      );
      context.showProgress('');
      context.write(output === 'json' ? `${JSON.stringify(diagnoses)}\n` : render(diagnoses));
      if (diagnoses.some(({ level }) => level === 'problem')) context.fail();
    });
}

const marks: Readonly<Record<Diagnosis['level'], string>> = {
  ok: 'ok       ',
  skipped: 'skipped  ',
  warning: 'WARNING  ',
  problem: 'PROBLEM  ',
};

function render(diagnoses: readonly Diagnosis[]): string {
  const lines = diagnoses.flatMap((one) => {
    const line = `${marks[one.level]}${one.check}: ${one.what}`;
    return one.level === 'ok' ? [line] : [line, `${' '.repeat(marks.ok.length)}${one.mend}`];
  });
  const count = (level: Diagnosis['level']) => diagnoses.filter((one) => one.level === level).length;
  return `${lines.join('\n')}\n\nProblems: ${count('problem')}. Warnings: ${count('warning')}.\n`;
}
