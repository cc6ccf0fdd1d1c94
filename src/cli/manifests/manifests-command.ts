import { type Command, Option } from 'commander';
import { customResourceDefinitions } from '../../api/crd.ts';
import { loadPolicies } from '../input/load-rules.ts';
import { dnsLabel, dnsLabelProblem } from '../../api/dns-names.ts';
import { InputError } from '../../text/errors.ts';
import type { ProgramParts } from '../context.ts';
import { readAuthorities } from '../../tls/trust.ts';
import { registerInstall } from './install-command.ts';
import { defaultNamespace } from './install-settings.ts';
import { kindsOf, webhookConfigurations, type WebhookClient } from './webhook-configurations.ts';
import { yamlOf } from './install.ts';
import { repeated } from '../flags.ts';

type Flags = {
  readonly url?: string;
  readonly service?: string;
  readonly ca?: string;
  readonly policies: readonly string[];
  readonly podsFailurePolicy: 'Ignore' | 'Fail';
};

/** `gpugate manifests install|crds|webhooks`: the objects that an admin applies, as YAML. */
export function defineManifests(manifests: Command, { version, write, serveFlags }: ProgramParts): void {
  registerInstall(manifests, { version, write, serveFlags });

  manifests
    .command('crds')
    .description('print the custom resource definitions')
    .action(() => write(yamlOf(customResourceDefinitions())));

  manifests
    .command('webhooks')
    .description('print the webhook configurations, as narrow as the given policies allow')
    .option('--url <https-url>', 'base URL of a gpugate server outside of the cluster, such as https://10.0.0.7:8443')
    .option(
      '--service <namespace/name:port>',
      'Service of a gpugate server in the cluster',
      'gpugate-system/gpugate:443',
    )
    .option(
      '--ca <file>',
      'PEM of the CA that signs the serving certificate; omit it when gpugate (with certificates in a Secret) or ' +
        'cert-manager fills in the caBundle',
    )
    .option(
      '--policies <path>',
      'file or directory of policies, which name the kinds to register; may be repeated',
      repeated,
      [],
    )
    .addOption(
      new Option('--pods-failure-policy <policy>', 'failurePolicy of pods.validate: what happens while gpugate is down')
        .choices(['Ignore', 'Fail'])
        .default('Ignore'),
    )
    .action(async (flags: Flags) => {
      const policies = await loadPolicies(flags.policies);
      const client = flags.url === undefined ? serviceClient(flags.service ?? '') : urlClient(flags.url);
      write(
        yamlOf(
          webhookConfigurations({
            client,
            namespace: namespaceOf(client),
            ...(flags.ca === undefined ? {} : { caBundle: readAuthorities('--ca', flags.ca) }),
            kinds: kindsOf(policies),
            podsFailurePolicy: flags.podsFailurePolicy,
          }),
        ),
      );
    });
}

function urlClient(url: string): { url: string } {
  const { protocol, username, password } = URL.canParse(url) ? new URL(url) : {};
  if (protocol !== 'https:') {
    throw new InputError(`--url ${url}: must be an https URL; the API server calls no other`);
  }
  // The API server refuses both, and a password must not be repeated in a message.
  if (username !== '' || password !== '') {
    throw new InputError(
      '--url: must not have a user or a password; the API server identifies itself with a certificate',
    );
  }
  if (/[?#]/.test(url)) throw new InputError(`--url ${url}: must end with its path, without ? or #`);
  return { url: url.replace(/\/$/, '') };
}

/** A server outside of the cluster has no namespace to exclude; the default does no harm. */
function namespaceOf(client: WebhookClient): string {
  return 'url' in client ? defaultNamespace : client.service.namespace;
}

const maxPort = 65_535;

function serviceClient(text: string): { service: { namespace: string; name: string; port: number } } {
  const match = /^([^/:]+)\/([^/:]+):(\d{1,5})$/.exec(text);
  const [, namespace = '', name = '', port = ''] = match ?? [];
  if (match === null || !dnsLabel.test(namespace) || !dnsLabel.test(name)) {
    throw new InputError(`--service ${text}: must look like namespace/name:port; each name ${dnsLabelProblem}`);
  }
  if (Number(port) < 1 || Number(port) > maxPort) {
    throw new InputError(`--service ${text}: the port must be from 1 to ${maxPort}`);
  }
  return { service: { namespace, name, port: Number(port) } };
}
