import type { X509Certificate } from 'node:crypto';
import { webhookConfigurationName } from '../../../api/webhook-configuration.ts';
import { ApiError } from '../../../cluster/client/api-error.ts';
import { parseCertificates, parseKeyPair } from '../../../tls/key-pair.ts';
import { certificatesIn, isAmong, signerOf } from '../../../tls/trust.ts';
import { isoTime, renewAt, validityOf, validityProblem } from '../../../tls/validity.ts';
import { ownCertificatesSecret, servingSecret } from '../../manifests/install-settings.ts';
import { problem, ok, skipped, warning, type Check, type DoctorContext, type Finding } from '../check.ts';
import { isOurs, readIfThere, readWebhookConfigurations } from '../read-objects.ts';

type Secret = { readonly data?: Readonly<Record<string, string | undefined>> };
type Bundle = { readonly webhook: string; readonly authorities: readonly X509Certificate[] };

/** Compares what is stored with what is installed. `reach` checks what is served, and for how long. */
export const certificates: Check = {
  id: 'certificates',
  look: async (context) => {
    const name = context.certificates === 'self-managed' ? ownCertificatesSecret : servingSecret;
    const which = `Secret ${name} in ${context.namespace}`;
    try {
      const path = `/api/v1/namespaces/${context.namespace}/secrets/${name}`;
      const secret = await readIfThere<Secret>(context.client, path);
      if (secret === undefined) return [problem(`${which}: does not exist`, mendOf[context.certificates])];
      return judge(which, secret, await readBundles(context), context);
    } catch (error) {
      if (!(error instanceof ApiError) || !error.isForbidden) throw error;
      return [skipped(`${which}: you may not read it`, unreadable)];
    }
  },
};

/** A reader of this Secret could sign certificates for a year, so the Job of the doctor must not be one. */
const unreadable = 'To check more than `reach` does, run the doctor as a user who may read it.';

const mendOf: Readonly<Record<DoctorContext['certificates'], string>> = {
  'self-managed': 'The leader issues it when it is missing or cannot be used: see its log.',
  'cert-manager': 'cert-manager issues it: kubectl describe certificate gpugate-serving',
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
    .filter(({ authorities }) => authorities.length > 0); // `reach` reports empty ones
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
  if (!pair.ok) return [problem(`${which}: tls.crt cannot be served: ${pair.problem}`, mend)];
  const leaf = pair.value;
  const findings = [ageOf(`${which}: tls.crt`, leaf, mend, context)];
  const host = `${context.service}.${context.namespace}.svc`;
  if (leaf.checkHost(host) === undefined) findings.push(problem(`${which}: tls.crt is not for ${host}`, mend));
  if (context.certificates === 'self-managed')
    findings.push(...judgeAuthority(which, text('ca.crt'), bundles, context));
  return [...findings, ...bundles.flatMap((bundle) => judgeBundle(bundle, leaf, context) ?? [])];
}

/** The first certificate of ca.crt signs. Those after it are being retired. */
function judgeAuthority(
  which: string,
  pem: string,
  bundles: readonly Bundle[],
  context: DoctorContext,
): readonly Finding[] {
  const mend = mendOf['self-managed'];
  const parsed = parseCertificates(pem);
  if (!parsed.ok) return [problem(`${which}: ca.crt cannot sign: ${parsed.problem}`, mend)];
  const [authority] = parsed.value;
  if (authority === undefined) return [];
  const lacking = bundles.filter(({ authorities }) => !isAmong(authority, authorities)).map(({ webhook }) => webhook);
  const what = `${which}: its CA is not in the caBundle of ${lacking.join(', ')}`;
  const wait =
    'A rotation adds it within seconds: run the doctor again. If this stays, the log of the leader says why.';
  return [ageOf(`${which}: ca.crt`, authority, mend, context), ...(lacking.length === 0 ? [] : [warning(what, wait)])];
}

function ageOf(what: string, certificate: X509Certificate, mend: string, { now }: DoctorContext): Finding {
  const validity = validityOf(certificate);
  const wrong = validityProblem(validity, now());
  if (wrong !== undefined) return problem(`${what}: ${wrong}`, mend);
  const until = `valid until ${isoTime(validity.notAfter)}`;
  if (now() < renewAt(validity)) return ok(`${what}: ${until}`);
  return warning(
    `${what}: ${until}, and due for renewal`,
    'It should be renewed about now. If this stays, the log of the leader or of cert-manager says why.',
  );
}

function judgeBundle({ webhook, authorities }: Bundle, leaf: X509Certificate, context: DoctorContext) {
  const mend = 'gpugate or cert-manager writes the caBundle: see its log. Otherwise apply the webhooks again.';
  const signer = signerOf(leaf, authorities);
  if (signer === undefined)
    return problem(`${webhook}: its caBundle does not trust the certificate in the Secret`, mend);
  const wrong = validityProblem(validityOf(signer), context.now());
  return wrong === undefined ? undefined : problem(`${webhook}: the CA in its caBundle cannot be used: ${wrong}`, mend);
}
