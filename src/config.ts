import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { explainFileError } from './text/errors.ts';
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
import { systemNamespaces } from './api/webhook-configuration.ts';

/**
 * The settings of `gpugate serve`: one table for the flags, the environment, the configuration file and the docs.
 * In order of precedence: flag, environment variable, configuration file, the settings of `embedded`, default.
 * An unknown key is an error.
 */

/** The kubelet mounts it there. */
const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

export const settings = {
  host: z.string().min(1).default('0.0.0.0').describe('Address on which the webhook server listens.'),
  port: port.default(8443).describe('Port of the webhook server (HTTPS).'),
  opsPort: port.default(8080).describe('Port of /healthz, /readyz and /metrics (HTTP).'),
  policies: filledList
    .optional()
    .describe(
      'Files and directories with WorkloadPolicy objects, reloaded when they change. Absent: the policies of the cluster.',
    ),
  snapshot: path
    .optional()
    .describe(
      'File with a ClusterSnapshot to use as the view of the cluster, reloaded when it changes. Absent: the cluster itself.',
    ),
  kubeconfig: path
    .optional()
    .describe(
      'Kubeconfig of the cluster. Absent: the ServiceAccount of the pod, then KUBECONFIG, then ~/.kube/config.',
    ),
  namespace: label
    .optional()
    .describe(
      'Namespace of gpugate itself, with its Leases and its Secret. Absent: POD_NAMESPACE, then the namespace of the credentials, then `default`.',
    ),
  serviceAccountDir: path
    .default(serviceAccountDirectory)
    .describe('In a pod: directory with the token, CA and namespace of the ServiceAccount.'),
  embedded: flag.default(false).describe('Try gpugate: serve the example policies and snapshot on 127.0.0.1.'),
  certs: path
    .optional()
    .describe("Directory for gpugate's own CA and serving certificate, which are issued when they are missing."),
  certificateSecret: objectName
    .optional()
    .describe(
      "Secret for gpugate's own CA and serving certificate. The leader renews it and writes the caBundles. Default in a pod: `gpugate-certificates`.",
    ),
  serviceName: label
    .default('gpugate')
    .describe(
      "Service of the webhook server. gpugate's own serving certificate is also valid for `NAME.NAMESPACE.svc`.",
    ),
  tlsCert: path
    .optional()
    .describe('Serving certificate (PEM) that somebody else renews, reloaded when it changes. Needs --tls-key.'),
  tlsKey: path.optional().describe('Private key of --tls-cert (PEM).'),
  tlsNames: z
    .preprocess(split, z.array(tlsName).min(1))
    .default(['localhost', '127.0.0.1', '::1', 'gpugate.gpugate-system.svc'])
    .describe("DNS names and IP addresses for which gpugate's own serving certificate is valid."),
  clientCa: path
    .optional()
    .describe('CA (PEM) of client certificates. When set, every review must come with a client certificate.'),
  clientNames: list.default([]).describe('Common names that are accepted in client certificates. Empty: any.'),
  exemptNamespaces: globs
    .default([...systemNamespaces])
    .describe('Namespaces that are exempt from every policy (globs).'),
  exemptUsers: globs.default([]).describe('Users who are exempt from every policy (globs).'),
  exemptGroups: globs.default([]).describe('Groups of users who are exempt from every policy (globs).'),
  maxStaleness: duration
    .prefault('120s')
    .describe(
      'Largest age of the view of the cluster with which gpugate decides about GPUs. A quiet watch can be 75 s old.',
    ),
  reloadInterval: duration.prefault('2s').describe('How often files are checked for changes.'),
  drainSpread: duration
    .prefault('5s')
    .describe('How long new requests are still served after SIGTERM, while the endpoints spread.'),
  record: path
    .optional()
    .describe(
      'Directory in which every decision is recorded for `gpugate replay`, without secrets. Absent: nothing is recorded.',
    ),
  recordFileSize: size
    .prefault('64Mi')
    .describe('Largest size of a file of `--record`. The default holds about 35,000 decisions.'),
  recordFiles: z
    .preprocess(digits, z.int().min(1).max(1000))
    .default(8)
    .describe('Number of files that `--record` keeps. The oldest is deleted first.'),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Lowest level that is logged.'),
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
    // Reported at the setting that is given, because only that one has a line in the file.
    const path = [tlsCert === undefined ? 'tlsKey' : 'tlsCert'];
    context.addIssue({ code: 'custom', message: '--tls-cert and --tls-key go together', path });
  })
  .refine((value) => !(value.tlsCert !== undefined && value.certs !== undefined), {
    error: '--certs is for a CA of gpugate itself and cannot be combined with --tls-cert',
    path: ['certs'],
  })
  .refine(
    ({ tlsCert, certs, certificateSecret }) => certificateSecret === undefined || (tlsCert ?? certs) === undefined,
    {
      error: 'cannot be combined with --tls-cert, --certs or --embedded: certificates come from one place',
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

/** The sources of the settings, in order of precedence. */
export type SettingLayers = {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The settings of `embedded`, which give way to the file. */
  readonly embedded?: Readonly<Record<string, unknown>>;
};

/** Throws ConfigError with every problem, each with its flag, variable or line. */
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

/** With a certificate from elsewhere, the certificate directory of `embedded` has no use. */
function withEmbedded(merged: Record<string, unknown>, embedded: Readonly<Record<string, unknown>>) {
  if (settings.embedded.safeParse(merged['embedded']).data !== true) return merged;
  const { certs, ...rest } = embedded;
  return { ...rest, ...(merged['tlsCert'] === undefined ? { certs } : {}), ...merged };
}

/**
 * Variables that the kubelet sets in every container for the Services of its namespace (`enableServiceLinks`), here for
 * Services whose names begin with gpugate: GPUGATE_SERVICE_HOST, GPUGATE_SERVICE_PORT_HTTPS, GPUGATE_PORT=tcp://10.0.0.1:443,
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
