import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { explainFileError } from './text/explain-file-error.ts';
import { explainIssue } from './text/explain-issue.ts';
import { formatProblem } from './text/problem.ts';
import { nearestName } from './text/nearest-name.ts';
import { readSettings, type SettingsFile } from './text/read-settings.ts';
import {
  digits,
  duration,
  filledList,
  flag,
  globs,
  label,
  list,
  objectName,
  path,
  port,
  size,
  split,
  tlsName,
} from './api/setting-fields.ts';
import { systemNamespaces } from './api/system-namespaces.ts';

/**
 * The settings of `gpugate serve`: one table for flags, environment, configuration file and the README.
 * A flag wins over the environment, that over the file, that over what `embedded` stands for, that over the default.
 * Unknown keys are errors.
 */

/** Where the kubelet mounts it. */
const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

export const settings = {
  host: z.string().min(1).default('0.0.0.0').describe('Address that the webhook server listens on.'),
  port: port.default(8443).describe('Port of the webhook server (HTTPS).'),
  opsPort: port.default(8080).describe('Port of /healthz, /readyz and /metrics (HTTP).'),
  policies: filledList
    .optional()
    .describe('Files and directories of WorkloadPolicy objects; reloaded on change. Absent: those of the cluster.'),
  snapshot: path
    .optional()
    .describe('File with the facts of a cluster (ClusterSnapshot); reloaded on change. Absent: those of the cluster.'),
  kubeconfig: path
    .optional()
    .describe("Kubeconfig of the cluster. Absent: the pod's ServiceAccount, then KUBECONFIG, then ~/.kube/config."),
  namespace: label
    .optional()
    .describe(
      'Namespace of gpugate itself, its Leases and its Secret. Absent: POD_NAMESPACE, then that of the credentials, then `default`.',
    ),
  serviceAccountDir: path
    .default(serviceAccountDirectory)
    .describe("Directory of the ServiceAccount's token, CA and namespace, in a pod."),
  embedded: flag.default(false).describe('Serve the example policies and snapshot on 127.0.0.1, to try gpugate out.'),
  certs: path.optional().describe('Directory of the own CA and serving certificate, issued when absent.'),
  certificateSecret: objectName
    .optional()
    .describe(
      'Secret of the own CA and serving certificate, kept with the caBundles. In a pod: `gpugate-certificates` by default.',
    ),
  serviceName: label
    .default('gpugate')
    .describe('Service of the webhook server: the own serving certificate is for `NAME.NAMESPACE.svc` too.'),
  tlsCert: path.optional().describe('Serving certificate (PEM) from elsewhere; reloaded on change. Needs --tls-key.'),
  tlsKey: path.optional().describe('Private key of --tls-cert (PEM).'),
  tlsNames: z
    .preprocess(split, z.array(tlsName).min(1))
    .default(['localhost', '127.0.0.1', '::1', 'gpugate.gpugate-system.svc'])
    .describe('DNS names and addresses that the own serving certificate is valid for.'),
  clientCa: path.optional().describe('CA (PEM) of client certificates; given, every review must come with one.'),
  clientNames: list.default([]).describe('Common names that a client certificate may carry. Empty: any.'),
  exemptNamespaces: globs.default([...systemNamespaces]).describe('Globs of namespaces that no policy ever covers.'),
  exemptUsers: globs.default([]).describe('Globs of users that no policy ever covers.'),
  exemptGroups: globs.default([]).describe('Globs of groups that no policy ever covers.'),
  maxStaleness: duration
    .prefault('120s')
    .describe('Age from which on the view of the cluster decides nothing about GPUs. A quiet watch is 75 s old.'),
  reloadInterval: duration.prefault('2s').describe('How often files are looked at for changes.'),
  drainSpread: duration
    .prefault('5s')
    .describe('How long after SIGTERM new requests are still served, while endpoints spread.'),
  record: path
    .optional()
    .describe(
      'Directory in which every decision is written down for `gpugate replay`, without secrets. Absent: none is.',
    ),
  recordFileSize: size
    .prefault('64Mi')
    .describe('Size at which a new file of `--record` begins: 35,000 decisions or so.'),
  recordFiles: z
    .preprocess(digits, z.int().min(1).max(1000))
    .default(8)
    .describe('How many files `--record` keeps; the oldest go first.'),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Least severe level that is logged.'),
} as const;

export type SettingKey = keyof typeof settings;

const settingKeys = Object.keys(settings) as readonly SettingKey[];

/** The settings as flags of `gpugate serve`. */
export function flagDescriptions(): { flag: string; description: string; takesValue: boolean; isList: boolean }[] {
  return settingKeys.map((key) => ({
    flag: flagName(key),
    description: settings[key].description ?? '',
    takesValue: key !== 'embedded',
    isList: Array.isArray(settings[key].safeParse('a').data),
  }));
}

const schema = z
  .strictObject(settings)
  .superRefine(({ tlsCert, tlsKey }, context) => {
    if ((tlsCert === undefined) === (tlsKey === undefined)) return;
    // At the one that is there, which has a place in a file.
    const path = [tlsCert === undefined ? 'tlsKey' : 'tlsCert'];
    context.addIssue({ code: 'custom', message: '--tls-cert and --tls-key go together', path });
  })
  .refine((value) => !(value.tlsCert !== undefined && value.certs !== undefined), {
    error: '--certs is for the own CA; it does not go with --tls-cert',
    path: ['certs'],
  })
  .refine(
    ({ tlsCert, certs, certificateSecret }) => certificateSecret === undefined || (tlsCert ?? certs) === undefined,
    {
      error: 'does not go with --tls-cert, --certs or --embedded: certificates are kept in one place',
      path: ['certificateSecret'],
    },
  );

export type Config = Readonly<z.output<typeof schema>>;

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** `tlsCert` -> `tls-cert`. */
export function flagName(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `tlsCert` -> `GPUGATE_TLS_CERT`. */
export function environmentName(key: string): string {
  return `GPUGATE_${flagName(key).replaceAll('-', '_').toUpperCase()}`;
}

/** What the settings come from, the strongest first. */
export type SettingLayers = {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What `embedded` stands for; weaker than a file. */
  readonly embedded?: Readonly<Record<string, unknown>>;
};

/** Throws ConfigError with every problem, each with the place it came from. */
export function loadConfig({ flags, environment, embedded = {} }: SettingLayers): Config {
  const { config: path, ...given } = flags;
  const file = typeof path === 'string' ? readConfigFile(path) : undefined;
  const fromEnvironment = readEnvironment(environment);
  const merged: Record<string, unknown> = { ...file?.values, ...fromEnvironment, ...given };
  const parsed = schema.safeParse(withEmbedded(merged, embedded), { error: explainIssue });
  if (parsed.success) return Object.freeze(parsed.data);
  const sentence = (key: string, message: string): string => {
    if (key in given) return `--${flagName(key)}: ${message}`;
    if (key in fromEnvironment) return `${environmentName(key)}: ${message}`;
    if (file !== undefined && key in file.values) return formatProblem(file.problemAt(key, message));
    return `--${flagName(key)}: ${message}`;
  };
  const problems = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => sentence(key, `unknown setting${hint(key, settingKeys)}`))
      : sentence(String(issue.path[0] ?? ''), issue.message),
  );
  throw new ConfigError(problems.join('\n'));
}

/** A certificate from elsewhere leaves no use for a directory of our own. */
function withEmbedded(merged: Record<string, unknown>, embedded: Readonly<Record<string, unknown>>) {
  if (settings.embedded.safeParse(merged['embedded']).data !== true) return merged;
  const { certs, ...rest } = embedded;
  return { ...rest, ...(merged['tlsCert'] === undefined ? { certs } : {}), ...merged };
}

/**
 * What the kubelet tells every container of the Services in its namespace (`enableServiceLinks`), of those whose name is
 * gpugate or begins so: GPUGATE_SERVICE_HOST, GPUGATE_SERVICE_PORT_HTTPS, GPUGATE_PORT=tcp://10.0.0.1:443,
 * GPUGATE_PORT_443_TCP_ADDR, GPUGATE_OPS_PORT=tcp://...
 */
const serviceLink =
  /^GPUGATE_(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/;
const serviceAddress = /^(?:tcp|udp|sctp):\/\//;

function isServiceLink(name: string, value: string | undefined): boolean {
  return serviceLink.test(name) || (name.endsWith('_PORT') && serviceAddress.test(value ?? ''));
}

function readEnvironment(environment: SettingLayers['environment']): Record<string, unknown> {
  const keys = new Map(settingKeys.map((key) => [environmentName(key), key]));
  const names = Object.keys(environment).filter(
    (name) => name.startsWith('GPUGATE_') && !isServiceLink(name, environment[name]),
  );
  const unknown = names.filter((name) => !keys.has(name));
  if (unknown.length > 0) {
    throw new ConfigError(
      unknown.map((name) => `${name}: no setting has this variable${hint(name, [...keys.keys()])}`).join('\n'),
    );
  }
  return Object.fromEntries(names.map((name): [string, unknown] => [keys.get(name) ?? name, environment[name]]));
}

function hint(name: string, known: readonly string[]): string {
  const meant = nearestName(name, known);
  return meant === undefined ? '' : `; did you mean ${meant}?`;
}

function readConfigFile(path: string): SettingsFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(`--config ${path}: ${explainFileError(error)}`);
  }
  const file = readSettings(text, path);
  if (file.problems.length > 0) throw new ConfigError(file.problems.map(formatProblem).join('\n'));
  return file;
}
