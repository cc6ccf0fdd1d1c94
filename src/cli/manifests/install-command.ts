import { type Command, Option } from 'commander';
import { reviewedKinds } from '../../api/workload-policy.ts';
import { parseQuantity } from '../../workload/quantity.ts';
import { InputError } from '../../text/errors.ts';
import { labelFlag, repeated } from '../flags.ts';
import { loadPolicies } from '../input/load-rules.ts';
import type { ProgramParts } from '../context.ts';
import { readAuthorities } from '../../tls/trust.ts';
import {
  certificateModes,
  defaultSettings,
  spreads,
  type CertificateMode,
  type InstallSettings,
  type Quantities,
  type Spread,
  type Toleration,
} from './install-settings.ts';
import { checkServeFlags, nodeLabels, pullSecret, toleration } from './pod-flags.ts';
import { kindsOf } from './webhook-configurations.ts';
import { installObjects, yamlOf } from './install.ts';

type Flags = {
  readonly namespace: string;
  readonly image: string;
  readonly replicas: number;
  readonly certificates: CertificateMode;
  readonly ca?: string;
  readonly requests: Quantities;
  readonly limits: Quantities;
  readonly priorityClass: string;
  readonly spread: Spread;
  readonly policies?: readonly string[];
  readonly podsFailurePolicy: 'Ignore' | 'Fail';
  readonly imagePullSecret: readonly string[];
  readonly nodeSelector: InstallSettings['nodeSelector'];
  readonly toleration: readonly Toleration[];
  readonly serveFlag: readonly string[];
  readonly monitoring: boolean;
  readonly doctor: boolean;
};

/** `gpugate manifests install`: everything that a cluster needs, as one stream for `kubectl apply -f -`. */
export function registerInstall(
  manifests: Command,
  { version, write, serveFlags }: Pick<ProgramParts, 'version' | 'write' | 'serveFlags'>,
): void {
  const install = manifests.command('install').description('print everything that gpugate needs in a cluster');
  addInstallOptions(install, defaultSettings(version, reviewedKinds)).action(async (flags: Flags) => {
    checkServeFlags(flags.serveFlag, await serveFlags());
    write(yamlOf(installObjects(await settingsOf(flags))));
  });
}

function addInstallOptions(command: Command, defaults: InstallSettings): Command {
  return command
    .addOption(
      new Option('--namespace <name>', 'namespace of gpugate').default(defaults.namespace).argParser(namespaceName),
    )
    .addOption(
      new Option('--image <reference>', 'container image').default(defaults.image).argParser(filled('--image')),
    )
    .addOption(
      new Option('--replicas <count>', 'number of replicas').default(defaults.replicas).argParser(replicaCount),
    )
    .addOption(
      new Option('--certificates <mode>', 'who issues the serving certificate')
        .choices([...certificateModes])
        .default(defaults.certificates),
    )
    .option('--ca <file>', 'PEM of the CA that signs the serving certificate; for --certificates files')
    .addOption(
      new Option('--requests <list>', 'resource requests: cpu=...,memory=...')
        .default(defaults.resources.requests)
        .argParser(quantities),
    )
    .addOption(
      new Option('--limits <list>', 'resource limits: memory=...')
        .default(defaults.resources.limits)
        .argParser(quantities),
    )
    .addOption(
      new Option('--priority-class <name>', 'priority class of the replicas')
        .default(defaults.priorityClassName)
        .argParser(filled('--priority-class')),
    )
    .addOption(
      new Option('--spread <how>', 'how strictly replicas are spread over nodes and zones')
        .choices([...spreads])
        .default(defaults.spread),
    )
    .addOption(
      new Option(
        '--policies <path>',
        'file or directory of policies: register pods.validate only for the kinds that they name; may be repeated',
      ).argParser(repeated),
    )
    .addOption(
      new Option('--pods-failure-policy <policy>', 'failurePolicy of pods.validate: what happens while gpugate is down')
        .choices(['Ignore', 'Fail'])
        .default(defaults.podsFailurePolicy),
    )
    .option('--image-pull-secret <name>', 'Secret to pull the image with; may be repeated', pullSecret, [])
    .addOption(
      new Option('--node-selector <list>', 'node labels: key=value,...')
        .default(defaults.nodeSelector, 'any node')
        .argParser(nodeLabels),
    )
    .option(
      '--toleration <taint>',
      'node taint to tolerate: key=value:NoSchedule or key; may be repeated',
      toleration,
      [],
    )
    .option(
      '--serve-flag <flag>',
      'flag for `gpugate serve`, such as --serve-flag=--log-level=debug; may be repeated',
      repeated,
      [],
    )
    .option('--monitoring', 'add objects for the Prometheus operator and Grafana', defaults.monitoring)
    .option('--doctor', 'add a Job that checks the installation (gpugate doctor)', defaults.doctor);
}

async function settingsOf(flags: Flags): Promise<InstallSettings> {
  const {
    ca,
    requests,
    limits,
    priorityClass,
    policies,
    imagePullSecret,
    toleration: tolerations,
    serveFlag,
    ...same
  } = flags;
  if ((same.certificates === 'files') !== (ca !== undefined)) {
    throw new InputError('--ca and --certificates files go together; the other modes fill in the caBundle themselves');
  }
  checkResources(requests, limits);
  return {
    ...same,
    resources: { requests, limits },
    priorityClassName: priorityClass,
    imagePullSecrets: imagePullSecret.map((name) => ({ name })),
    tolerations,
    serveFlags: serveFlag,
    kinds: policies === undefined ? reviewedKinds : kindsOf(await loadPolicies(policies)),
    ...(ca === undefined ? {} : { caBundle: readAuthorities('--ca', ca) }),
  };
}

/** The namespace gets the Pod Security level of gpugate and is deleted with it, so it must not be shared. */
const takenNamespaces = /^(default|kube-.*)$/;

function namespaceName(text: string): string {
  if (takenNamespaces.test(text)) {
    throw new InputError(
      `--namespace ${text}: must be a namespace for gpugate alone; it gets the Pod Security level restricted`,
    );
  }
  return labelFlag('--namespace')(text);
}

/** All replicas write the same ledger object, so that many replicas only conflict with each other. */
const maxReplicas = 20;

function replicaCount(text: string): number {
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= maxReplicas) return count;
  throw new InputError(`--replicas ${text}: must be from 1 to ${maxReplicas}`);
}

function filled(flag: string): (text: string) => string {
  return (text) => {
    if (/^\S+$/.test(text)) return text;
    throw new InputError(`${flag} ${text}: must not be empty or contain spaces`);
  };
}

/** The API server would refuse only the Deployment. The webhooks would still be applied, with no server to answer them. */
function checkResources(requests: Quantities, limits: Quantities): void {
  for (const [name, limit] of Object.entries(limits)) {
    const request = requests[name];
    if (request !== undefined && (parseQuantity(request) ?? 0n) > (parseQuantity(limit) ?? 0n)) {
      throw new InputError(`--requests ${name}=${request}: must be at most the limit, ${limit} (--limits)`);
    }
  }
}

/** `cpu=100m,memory=256Mi` */
function quantities(text: string): Quantities {
  const pairs = text.split(',').map((pair) => pair.split('='));
  if (pairs.some((pair) => pair.length !== 2 || pair.includes(''))) {
    throw new InputError(`${text}: must look like cpu=100m,memory=256Mi`);
  }
  for (const [name, amount = ''] of pairs) {
    if (parseQuantity(amount) === undefined)
      throw new InputError(`${name}=${amount}: must be a quantity such as 256Mi`);
  }
  return Object.fromEntries(pairs) as Quantities;
}
