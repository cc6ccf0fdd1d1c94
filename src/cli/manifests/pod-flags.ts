import { dnsSubdomain } from '../../api/dns-names.ts';
import { labelKey } from '../../api/fields.ts';
import { InputError } from '../../text/errors.ts';
import { nearestName } from '../../text/nearest-name.ts';
import type { InstallSettings, Toleration } from './install-settings.ts';

/** The Service, the probes and the image of the manifests depend on these. */
export const fixedFlags: ReadonlySet<string> = new Set(['host', 'port', 'ops-port', 'embedded']);

export function pullSecret(text: string, previous: readonly string[]): readonly string[] {
  if (dnsSubdomain.test(text)) return [...previous, text];
  throw new InputError(`--image-pull-secret ${text}: must be the name of a Secret`);
}

/** `disk=ssd,zone=a` */
export function nodeLabels(text: string): InstallSettings['nodeSelector'] {
  const pairs = text.split(',').map((pair): [string, string] => {
    const [key = '', value = '', ...more] = pair.split('=');
    if (labelKey.safeParse(key).success && pair.includes('=') && more.length === 0) return [key, value];
    throw new InputError(`--node-selector ${pair}: must look like node-role.kubernetes.io/infra=true`);
  });
  return Object.fromEntries(pairs);
}

/** As in `kubectl taint`: `key=value:NoSchedule`, `key:NoExecute`, or `key` for every effect. */
export function toleration(text: string, previous: readonly Toleration[]): readonly Toleration[] {
  const match = /^([^=:]+)(=[^=:]*)?(?::(NoSchedule|PreferNoSchedule|NoExecute))?$/.exec(text);
  const [, key = '', value, effect] = match ?? [];
  if (!labelKey.safeParse(key).success) {
    throw new InputError(`--toleration ${text}: must look like key=value:NoSchedule, key:NoExecute or key`);
  }
  const wanted =
    value === undefined ? { operator: 'Exists' as const } : { operator: 'Equal' as const, value: value.slice(1) };
  return [...previous, { key, ...wanted, ...(effect === undefined ? {} : { effect }) }];
}

/** Throws InputError for a flag with which `gpugate serve` would not start, and for one that the manifests depend on. */
export function checkServeFlags(given: readonly string[], known: readonly { readonly flag: string }[]): void {
  const names = known.map(({ flag }) => flag);
  for (const text of given) {
    const [, name = ''] = /^--([a-z-]+)(?:=.*)?$/s.exec(text) ?? [];
    if (fixedFlags.has(name)) {
      throw new InputError(`--serve-flag ${text}: cannot be changed, because the Service and the probes depend on it`);
    }
    if (name === 'config' || names.includes(name)) continue;
    const meant = nearestName(name, names);
    const hint = meant === undefined ? '' : `; did you mean --${meant}?`;
    throw new InputError(`--serve-flag ${text}: must be a setting of gpugate serve, such as --log-level=debug${hint}`);
  }
}
