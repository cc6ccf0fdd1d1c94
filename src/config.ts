import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { systemNamespaces } from './api/system-namespaces.ts';

/**
 * The settings of `gpugate serve`: one table for flags, environment, configuration file and the README.
 * A flag wins over the environment, that over the file, that over the default. Unknown keys are errors.
 */

const port = z.coerce.number().int().min(0).max(65_535);
const path = z.string().min(1);
const list = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(',').filter((item) => item !== '') : value),
  z.array(z.string().min(1)),
);
const flag = z.preprocess(
  (value) => (value === 'true' ? true : value === 'false' ? false : value),
  z.boolean({ error: 'must be true or false' }),
);

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `500ms`, `10s`, `2m`, `1h` -> milliseconds. */
const duration = z
  .string()
  .regex(/^\d+(ms|s|m|h)$/, 'must be a duration such as 500ms, 10s or 2m')
  .transform((text) => Number.parseInt(text, 10) * (units[text.replace(/^\d+/, '')] ?? 1));

export const settings = {
  host: z.string().min(1).default('0.0.0.0').describe('Address that the webhook server listens on.'),
  port: port.default(8443).describe('Port of the webhook server (HTTPS).'),
  opsPort: port.default(8080).describe('Port of /healthz, /readyz and /metrics (HTTP).'),
  policies: list.optional().describe('Files and directories of WorkloadPolicy objects; reloaded on change.'),
  snapshot: path.optional().describe('File with the facts of the cluster (ClusterSnapshot); reloaded on change.'),
  embedded: flag.default(false).describe('Serve the example policies and snapshot on 127.0.0.1, to try gpugate out.'),
  certs: path
    .optional()
    .describe('Directory of the own CA and serving certificate, issued when absent. Absent: kept in memory.'),
  tlsCert: path.optional().describe('Serving certificate (PEM) from elsewhere; reloaded on change. Needs --tls-key.'),
  tlsKey: path.optional().describe('Private key of --tls-cert (PEM).'),
  tlsNames: list
    .default(['localhost', '127.0.0.1', '::1', 'gpugate.gpugate-system.svc'])
    .describe('DNS names and addresses that the own serving certificate is valid for.'),
  clientCa: path.optional().describe('CA (PEM) of client certificates; given, every review must come with one.'),
  clientNames: list.default([]).describe('Common names that a client certificate may carry. Empty: any.'),
  exemptNamespaces: list.default([...systemNamespaces]).describe('Globs of namespaces that no policy ever covers.'),
  exemptUsers: list.default([]).describe('Globs of users that no policy ever covers.'),
  exemptGroups: list.default([]).describe('Globs of groups that no policy ever covers.'),
  maxStaleness: duration.prefault('60s').describe('Age from which on the view of the cluster decides nothing.'),
  reloadInterval: duration.prefault('2s').describe('How often files are looked at for changes.'),
  drainSpread: duration
    .prefault('5s')
    .describe('How long after SIGTERM new requests are still served, while endpoints spread.'),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Least severe level that is logged.'),
} as const;

export type SettingKey = keyof typeof settings;

/** The settings as flags of `gpugate serve`. */
export function flagDescriptions(): { flag: string; description: string; takesValue: boolean; isList: boolean }[] {
  return (Object.keys(settings) as SettingKey[]).map((key) => ({
    flag: flagName(key),
    description: settings[key].description ?? '',
    takesValue: key !== 'embedded',
    isList: listKeys.has(key),
  }));
}

const listKeys: ReadonlySet<string> = new Set<SettingKey>([
  'policies',
  'tlsNames',
  'clientNames',
  'exemptNamespaces',
  'exemptUsers',
  'exemptGroups',
]);

const schema = z
  .strictObject(settings)
  .refine((value) => (value.tlsCert === undefined) === (value.tlsKey === undefined), {
    error: '--tls-cert and --tls-key go together',
    path: ['tlsCert'],
  })
  .refine((value) => !(value.tlsCert !== undefined && value.certs !== undefined), {
    error: '--certs is for the own CA; it does not go with --tls-cert',
    path: ['certs'],
  })
  .refine((value) => value.embedded || (value.policies !== undefined && value.snapshot !== undefined), {
    error: 'give --policies and --snapshot, or --embedded to try gpugate out',
    path: ['policies'],
  });

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

/** Throws ConfigError with every fault, each with the place it came from. */
export function loadConfig(
  flags: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
): Config {
  const { config: file, ...given } = flags;
  const fromFile = typeof file === 'string' ? readConfigFile(file) : {};
  const fromEnvironment: Record<string, unknown> = {};
  for (const name of Object.keys(environment)) {
    if (!name.startsWith('GPUGATE_')) continue;
    const key = (Object.keys(settings) as SettingKey[]).find((candidate) => environmentName(candidate) === name);
    if (key === undefined) throw new ConfigError(`${name} in the environment is no setting of gpugate`);
    fromEnvironment[key] = environment[name];
  }
  const merged: Record<string, unknown> = { ...fromFile, ...fromEnvironment, ...given };
  const parsed = schema.safeParse(merged);
  if (parsed.success) return Object.freeze(parsed.data);
  const faults = parsed.error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => `${String(file)}: ${key} is no setting`);
    const key = String(issue.path[0] ?? '');
    const source =
      key in given
        ? `--${flagName(key)}`
        : key in fromEnvironment
          ? environmentName(key)
          : key in fromFile
            ? `${String(file)}: ${key}`
            : `--${flagName(key)}`;
    return `${source}: ${issue.message}`;
  });
  throw new ConfigError(faults.join('\n'));
}

function readConfigFile(file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`--config ${file}: ${(error as Error).message}`);
  }
  const document = parseDocument(text);
  const [fault] = document.errors;
  if (fault !== undefined) throw new ConfigError(`${file}: ${fault.message}`);
  const value: unknown = document.toJS();
  if (value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw new ConfigError(`${file}: must be a map of settings`);
  return value as Record<string, unknown>;
}
