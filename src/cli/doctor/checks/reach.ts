import { parseCertificates } from '../../../tls/key-pair.ts';
import { isoTime } from '../../../tls/validity.ts';
import { callWebhook, probeUid, type Call } from '../call-webhook.ts';
import { problem, ok, skipped, warning, type Check, type DoctorContext, type Finding } from '../check.ts';
import { isOurs, readWebhookConfigurations, type Webhook } from '../read-objects.ts';

/** A certificate is renewed after two thirds of its life. With less than a quarter left, renewal has failed for a while. */
const overdue = 3 / 4;

/** Calls each webhook as the API server does: name, connection, certificate, answer. */
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
      'gpugate fills it in when it manages its own certificates (is it running?). Otherwise apply the webhooks again.';
    return problem(`${name}: its caBundle cannot be used (${trusted.problem}), so every call fails`, mend);
  }
  if (clientConfig.url === undefined && !context.isInside) {
    return skipped(
      `${name}: its Service can be reached only from inside the cluster`,
      'Run the doctor as a Job in the cluster.',
    );
  }
  const url = urlOf(clientConfig);
  return explain(name, url, await callWebhook({ url, ca }), context.now());
}

function urlOf({ url, service }: Webhook['clientConfig']): URL {
  if (url !== undefined) return new URL(url);
  const { name = '', namespace = '', port = 443, path = '/' } = service ?? {};
  return new URL(`https://${name}.${namespace}.svc:${port}${path}`);
}

const mendOf: Readonly<Record<Exclude<Call['step'], 'done'>, string>> = {
  name: 'Does the Service exist, and does the cluster have DNS?',
  connection: 'Are the gpugate pods ready (kubectl get pods), and does a NetworkPolicy block the connection?',
  tls: 'The serving certificate and the caBundle do not match: see the documentation of the certificates.',
  http: 'The log of gpugate says why.',
};

function explain(name: string, url: URL, call: Call, now: number): Finding {
  if (call.step !== 'done') {
    const what = {
      name: 'its name cannot be resolved',
      connection: 'it accepts no connection',
      tls: 'TLS fails',
      http: 'it',
    };
    return problem(`${name}: at ${url.host}, ${what[call.step]}: ${call.why}`, mendOf[call.step]);
  }
  if (!call.body.includes(probeUid)) {
    return problem(
      `${name}: at ${url.host}, something other than gpugate answers`,
      'Does the Service select the gpugate pods?',
    );
  }
  const age = (now - call.notBefore) / (call.notAfter - call.notBefore);
  const until = `its certificate is valid until ${isoTime(call.notAfter)}`;
  return age > overdue
    ? warning(`${name}: answers, but ${until}, and its renewal is overdue`, 'The log of the leader says why.')
    : ok(`${name}: answers at ${url.host}, ${until}`);
}
