import { type Command, Option } from 'commander';
import { stringify } from 'yaml';
import { customResourceDefinitions } from '../../api/crd.ts';
import { loadPolicies } from '../load-policies.ts';
import { InputError } from '../input-error.ts';
import { readAuthorities } from '../read-authorities.ts';
import { webhookConfigurations } from './webhook-configurations.ts';

type Flags = {
  readonly url?: string;
  readonly service?: string;
  readonly ca?: string;
  readonly policies: readonly string[];
  readonly podsFailurePolicy: 'Ignore' | 'Fail';
};

/** `gpugate manifests crds|webhooks`: what an admin applies, printed as YAML. */
export function registerManifests(program: Command, write: (text: string) => void): void {
  const manifests = program.command('manifests').description('print the objects that a cluster needs, as YAML');

  manifests
    .command('crds')
    .description('the custom resource definitions')
    .action(() => write(yamlOf(customResourceDefinitions())));

  manifests
    .command('webhooks')
    .description('the webhook configurations, as narrow as the given policies allow')
    .option('--url <https-url>', 'base URL of a gpugate outside of the cluster, such as https://10.0.0.7:8443')
    .option('--service <namespace/name:port>', 'Service of a gpugate in the cluster', 'gpugate-system/gpugate:443')
    .requiredOption('--ca <file>', 'PEM of the CA that signs the serving certificate')
    .option('--policies <path>', 'policies that name the kinds to register for; may be repeated', collect, [])
    .addOption(
      new Option('--pods-failure-policy <policy>', 'what pods.validate does while gpugate is down')
        .choices(['Ignore', 'Fail'])
        .default('Ignore'),
    )
    .action(async (flags: Flags) => {
      const policies = await loadPolicies(flags.policies);
      write(
        yamlOf(
          webhookConfigurations({
            client: flags.url === undefined ? serviceClient(flags.service ?? '') : urlClient(flags.url),
            caBundle: readAuthorities('--ca', flags.ca ?? ''),
            policies,
            podsFailurePolicy: flags.podsFailurePolicy,
          }),
        ),
      );
    });
}

function yamlOf(objects: readonly object[]): string {
  return objects
    .map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' }))
    .join('---\n');
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

function urlClient(url: string): { url: string } {
  if (!URL.canParse(url) || new URL(url).protocol !== 'https:') {
    throw new InputError(`--url ${url}: must be an https URL; the API server calls nothing else`);
  }
  return { url: url.replace(/\/$/, '') };
}

const maxPort = 65_535;

function serviceClient(text: string): { service: { namespace: string; name: string; port: number } } {
  const match = /^([-a-z0-9]+)\/([-a-z0-9]+):(\d{1,5})$/.exec(text);
  if (match === null) throw new InputError(`--service ${text}: must look like namespace/name:port`);
  const [, namespace = '', name = '', port = ''] = match;
  if (Number(port) < 1 || Number(port) > maxPort) {
    throw new InputError(`--service ${text}: the port must be from 1 to ${maxPort}`);
  }
  return { service: { namespace, name, port: Number(port) } };
}
