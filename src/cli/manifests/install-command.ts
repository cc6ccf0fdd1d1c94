import { type Command, Option } from 'commander';
import { reviewedKinds } from '../../api/workload-policy.ts';
import { parseQuantity } from '../../workload/quantity.ts';
import { InputError } from '../../text/input-error.ts';
import { labelFlag } from '../flags.ts';
import { loadPolicies } from '../input/load-rules.ts';
import type { ProgramParts } from '../context.ts';
import { readAuthorities } from '../../tls/trust.ts';
import { installObjects } from './install.ts';
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
import { yamlOf } from './yaml-of.ts';
import { repeated } from '../flags.ts';

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

/** `gpugate manifests install`: all that a cluster needs, in one stream for `kubectl apply -f -`. */
export function registerInstall(
  manifests: Command,
  { version, write, serveFlags }: Pick<ProgramParts, 'version' | 'write' | 'serveFlags'>,
): void {
  const defaults = defaultSettings(version, reviewedKinds);
  manifests
    .command('install')
    .description('everything that runs gpugate in a cluster')
    .addOption(new Option('--namespace <name>', 'where').default(defaults.namespace).argParser(namespaceName))
    .addOption(
      new Option('--image <reference>', 'image of gpugate').default(defaults.image).argParser(filled('--image')),
    )
    .addOption(new Option('--replicas <count>', 'how many').default(defaults.replicas).argParser(replicaCount))
    .addOption(
      new Option('--certificates <mode>', 'who makes the serving certificate')
        .choices([...certificateModes])
        .default(defaults.certificates),
    )
    .option('--ca <file>', 'PEM of the CA that signs the serving certificate; for --certificates files')
    .addOption(
      new Option('--requests <list>', 'cpu=...,memory=...').default(defaults.resources.requests).argParser(quantities),
    )
    .addOption(new Option('--limits <list>', 'memory=...').default(defaults.resources.limits).argParser(quantities))
    .addOption(
      new Option('--priority-class <name>', 'priority class of the replicas')
        .default(defaults.priorityClassName)
        .argParser(filled('--priority-class')),
    )
    .addOption(new Option('--spread <how>', 'over nodes and zones').choices([...spreads]).default(defaults.spread))
    .addOption(
      new Option(
        '--policies <path>',
        'register pods.validate only for the kinds that these policies name; may be repeated',
      ).argParser(repeated),
    )
    .addOption(
      new Option('--pods-failure-policy <policy>', 'what pods.validate does while gpugate is down')
        .choices(['Ignore', 'Fail'])
        .default(defaults.podsFailurePolicy),
    )
    .option('--image-pull-secret <name>', 'Secret for the registry of the image; may be repeated', pullSecret, [])
    .addOption(
      new Option('--node-selector <list>', 'labels of nodes: key=value,...')
        .default(defaults.nodeSelector, 'any node')
        .argParser(nodeLabels),
    )
    .option('--toleration <taint>', 'taint of nodes: key=value:NoSchedule, key; may be repeated', toleration, [])
    .option(
      '--serve-flag <flag>',
      'more of `gpugate serve`: --serve-flag=--log-level=debug; may be repeated',
      repeated,
      [],
    )
    .option('--monitoring', 'also what the Prometheus operator and Grafana read', defaults.monitoring)
    .option('--doctor', 'also a Job that looks for what is wrong with the installation', defaults.doctor)
    .action(async (flags: Flags) => {
      checkServeFlags(flags.serveFlag, await serveFlags());
      write(yamlOf(installObjects(await settingsOf(flags))));
    });
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
    throw new InputError(
      '--ca and --certificates files go together: the other modes fill the caBundle in by themselves',
    );
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

/** The namespace is made with the Pod Security level of gpugate, and deleted with it: it must not be somebody else's. */
const takenNamespaces = /^(default|kube-.*)$/;

function namespaceName(text: string): string {
  if (takenNamespaces.test(text)) {
    throw new InputError(
      `--namespace ${text}: must be one of gpugate's own, which is held to the Pod Security level restricted`,
    );
  }
  return labelFlag('--namespace')(text);
}

/** The ledger is one object that all replicas write: more than a few only meet each other there. */
const maxReplicas = 20;

function replicaCount(text: string): number {
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= maxReplicas) return count;
  throw new InputError(`--replicas ${text}: must be from 1 to ${maxReplicas}`);
}

function filled(flag: string): (text: string) => string {
  return (text) => {
    if (/^\S+$/.test(text)) return text;
    throw new InputError(`${flag} ${text}: must not be empty, nor have spaces`);
  };
}

/** The API server would refuse the Deployment alone: the webhooks, applied all the same, would have nobody to answer. */
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
