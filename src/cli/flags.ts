import type { Command } from 'commander';
import { dnsLabel, dnsLabelProblem } from '../api/dns-names.ts';
import { systemNamespaces } from '../api/webhook-configuration.ts';
import { InputError } from '../text/errors.ts';

/** Parses a flag that may be repeated, each time with one item; commander passes what came before. */
export const repeated = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];

/** Parses a list separated by commas, which replaces the default. */
export const separated = (value: string): readonly string[] => value.split(',').filter((item) => item !== '');

/** Parses the name of a namespace or a Service; a name that cannot exist would only fail later, and less clearly. */
export function labelFlag(flag: string): (text: string) => string {
  return (text) => {
    if (dnsLabel.test(text)) return text;
    throw new InputError(`${flag} ${text}: ${dnsLabelProblem}`);
  };
}

export const kubeconfigHelp =
  "kubeconfig of the cluster (default: the pod's ServiceAccount, then KUBECONFIG, then ~/.kube/config)";

/** Exemptions that `gpugate serve` takes from its settings. */
export function exemptionOptions(command: Command): Command {
  return command
    .option('--exempt-namespaces <globs>', 'exempt namespaces, separated by commas', separated, [...systemNamespaces])
    .option('--exempt-users <globs>', 'exempt users, separated by commas', separated, []);
}
