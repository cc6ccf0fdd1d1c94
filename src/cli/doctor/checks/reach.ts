import { parseCertificates } from '../../../tls/key-pair.ts';
import { isoTime } from '../../../tls/validity.ts';
import { callWebhook, type Call } from '../call-webhook.ts';
import { fault, ok, skipped, warning, type Check, type DoctorContext, type Finding } from '../check.ts';
import { probeReview, probeUid } from '../probe-review.ts';
import { isOurs, readWebhookConfigurations, type Webhook } from '../webhook-objects.ts';

/** Renewal comes at two thirds of the life: with less than a fourth left, it has failed for a while. */
const overdue = 3 / 4;

/** What the API server does to ask each webhook: name, connection, certificate, answer. */
export const reach: Check = {
  id: 'reach',
  look: async (context) => {
    const configurations = await readWebhookConfigurations(context);
    const ours = configurations.flatMap(({ webhooks = [] }) => webhooks.filter(isOurs));
    return Promise.all(ours.map((webhook) => judge(webhook, context)));
  },
};

async function judge({ name, clientConfig }: Webhook, context: DoctorContext): Promise<Finding> {
  const ca = Buffer.from(clientConfig.caBundle ?? '', 'base64').toString('utf8');
  const trusted = parseCertificates(ca);
  if (!trusted.ok) {
    const mend =
      'gpugate fills it in where it manages its certificates (is it running?); else apply the webhooks again.';
    return fault(`${name}: its caBundle cannot be used (${trusted.problem}), so that every call fails`, mend);
  }
  if (clientConfig.url === undefined && !context.isInside) {
    return skipped(`${name}: its Service is reached only from inside the cluster`, 'Run the doctor as a Job there.');
  }
  const url = urlOf(clientConfig);
  return explain(name, url, await callWebhook({ url, ca }, probeReview), context.now());
}

function urlOf({ url, service }: Webhook['clientConfig']): URL {
  if (url !== undefined) return new URL(url);
  const { name = '', namespace = '', port = 443, path = '/' } = service ?? {};
  return new URL(`https://${name}.${namespace}.svc:${port}${path}`);
}

const mendOf: Readonly<Record<Exclude<Call['step'], 'done'>, string>> = {
  name: 'Is the Service there, and does the cluster have a DNS?',
  connection: 'Are pods of gpugate ready (kubectl get pods), and does no NetworkPolicy stand between?',
  tls: 'The serving certificate and the caBundle do not go together: see the certificates section of the README.',
  http: 'See the log of gpugate for this request.',
};

function explain(name: string, url: URL, call: Call, now: number): Finding {
  if (call.step !== 'done') {
    const what = { name: 'its name is not known', connection: 'it takes no connection', tls: 'TLS fails', http: 'it' };
    return fault(`${name}: at ${url.host}, ${what[call.step]}: ${call.why}`, mendOf[call.step]);
  }
  if (!call.body.includes(probeUid)) {
    return fault(`${name}: at ${url.host}, something else than gpugate answers`, 'Is the Service that of gpugate?');
  }
  const age = (now - call.notBefore) / (call.notAfter - call.notBefore);
  const until = `its certificate is valid until ${isoTime(call.notAfter)}`;
  return age > overdue
    ? warning(`${name}: answers, but ${until}, and its renewal is overdue`, 'See the log of the leader for why.')
    : ok(`${name}: answers at ${url.host}, ${until}`);
}
