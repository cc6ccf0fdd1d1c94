import type { X509Certificate } from 'node:crypto';
import { webhookConfigurationName } from '../../../api/webhook-configuration.ts';
import { ApiError } from '../../../cluster/client/api-error.ts';
import { parseCertificates, parseKeyPair } from '../../../tls/key-pair.ts';
import { certificatesIn, isAmong, signerOf } from '../../../tls/trust.ts';
import { isoTime, renewAt, validityOf, validityProblem } from '../../../tls/validity.ts';
import { ownCertificatesSecret, servingSecret } from '../../manifests/install-settings.ts';
import { fault, ok, skipped, warning, type Check, type DoctorContext, type Finding } from '../check.ts';
import { readIfThere } from '../read-objects.ts';
import { isOurs, readWebhookConfigurations } from '../webhook-objects.ts';

type Secret = { readonly data?: Readonly<Record<string, string | undefined>> };
type Bundle = { readonly webhook: string; readonly authorities: readonly X509Certificate[] };

/** What is stored, against what is installed. What is served, and for how long, is looked at by `reach`. */
export const certificates: Check = {
  id: 'certificates',
  look: async (context) => {
    const name = context.certificates === 'self-managed' ? ownCertificatesSecret : servingSecret;
    const which = `Secret ${name} in ${context.namespace}`;
    try {
      const path = `/api/v1/namespaces/${context.namespace}/secrets/${name}`;
      const secret = await readIfThere<Secret>(context.client, path);
      if (secret === undefined) return [fault(`${which}: is not there`, mendOf[context.certificates])];
      return judge(which, secret, await readBundles(context), context);
    } catch (error) {
      if (!(error instanceof ApiError) || !error.isForbidden) throw error;
      return [skipped(`${which}: you may not read it`, unreadable)];
    }
  },
};

/** Whoever can read it can sign for a year: the Job of the doctor must not. */
const unreadable = 'Run the doctor as somebody who may, if you want to know more than `reach` tells.';

const mendOf: Readonly<Record<DoctorContext['certificates'], string>> = {
  'self-managed': 'The leader of gpugate makes it anew where it is not there, or unusable: see its log.',
  'cert-manager': 'cert-manager makes it: kubectl describe certificate gpugate-serving',
  files: 'Put certificate and key there: kubectl create secret tls gpugate-serving ...',
};

async function readBundles(context: DoctorContext): Promise<readonly Bundle[]> {
  const all = await readWebhookConfigurations(context);
  return all
    .filter(({ metadata }) => metadata.name === webhookConfigurationName)
    .flatMap(({ webhooks = [] }) => webhooks.filter(isOurs))
    .map(({ name, clientConfig }) => ({
      webhook: name,
      authorities: certificatesIn(Buffer.from(clientConfig.caBundle ?? '', 'base64').toString('utf8')),
    }))
    .filter(({ authorities }) => authorities.length > 0); // `reach` tells of those that are empty.
}

function judge(
  which: string,
  { data = {} }: Secret,
  bundles: readonly Bundle[],
  context: DoctorContext,
): readonly Finding[] {
  const mend = mendOf[context.certificates];
  const text = (key: string): string => Buffer.from(data[key] ?? '', 'base64').toString('utf8');
  const pair = parseKeyPair({ cert: text('tls.crt'), key: text('tls.key') });
  if (!pair.ok) return [fault(`${which}: tls.crt cannot be served: ${pair.problem}`, mend)];
  const leaf = pair.value;
  const findings = [ageOf(`${which}: tls.crt`, leaf, mend, context)];
  const host = `${context.service}.${context.namespace}.svc`;
  if (leaf.checkHost(host) === undefined) findings.push(fault(`${which}: tls.crt is not for ${host}`, mend));
  if (context.certificates === 'self-managed')
    findings.push(...judgeAuthority(which, text('ca.crt'), bundles, context));
  return [...findings, ...bundles.flatMap((bundle) => judgeBundle(bundle, leaf, context) ?? [])];
}

/** The first of ca.crt signs; any after it are on their way out. */
function judgeAuthority(
  which: string,
  pem: string,
  bundles: readonly Bundle[],
  context: DoctorContext,
): readonly Finding[] {
  const mend = mendOf['self-managed'];
  const parsed = parseCertificates(pem);
  if (!parsed.ok) return [fault(`${which}: ca.crt cannot sign: ${parsed.problem}`, mend)];
  const [authority] = parsed.value;
  if (authority === undefined) return [];
  const lacking = bundles.filter(({ authorities }) => !isAmong(authority, authorities)).map(({ webhook }) => webhook);
  const what = `${which}: its CA is not in the caBundle of ${lacking.join(', ')}`;
  const wait = 'A rotation puts it there within seconds: look again. If it stays so, the log of the leader says why.';
  return [ageOf(`${which}: ca.crt`, authority, mend, context), ...(lacking.length === 0 ? [] : [warning(what, wait)])];
}

function ageOf(what: string, certificate: X509Certificate, mend: string, { now }: DoctorContext): Finding {
  const validity = validityOf(certificate);
  const wrong = validityProblem(validity, now());
  if (wrong !== undefined) return fault(`${what}: ${wrong}`, mend);
  const until = `valid until ${isoTime(validity.notAfter)}`;
  if (now() < renewAt(validity)) return ok(`${what}: ${until}`);
  return warning(`${what}: ${until}, and due for renewal`, 'Whoever renews it should do so now: see its log.');
}

function judgeBundle({ webhook, authorities }: Bundle, leaf: X509Certificate, context: DoctorContext) {
  const mend = 'gpugate or cert-manager writes caBundles, as their logs say; else apply the webhooks again.';
  const signer = signerOf(leaf, authorities);
  if (signer === undefined) return fault(`${webhook}: its caBundle does not trust the certificate of the Secret`, mend);
  const wrong = validityProblem(validityOf(signer), context.now());
  return wrong === undefined ? undefined : fault(`${webhook}: the CA in its caBundle is of no use: ${wrong}`, mend);
}
