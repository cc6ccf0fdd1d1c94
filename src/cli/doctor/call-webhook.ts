import { lookup } from 'node:dns/promises';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { messageOf } from '../../text/errors.ts';

/** Half of the time that the API server allows. */
const timeoutMs = 2500;

export type Target = {
  readonly url: URL;
  /** PEM of the CA that the API server trusts. */
  readonly ca: string;
};

/** How far the call got. After a step that fails, the next ones are not tried. */
export type Call =
  | { readonly step: 'name' | 'connection' | 'tls' | 'http'; readonly why: string }
  | { readonly step: 'done'; readonly notBefore: number; readonly notAfter: number; readonly body: string };

/** Calls a webhook as the API server does, step by step. Never rejects. */
export async function callWebhook({ url, ca }: Target): Promise<Call> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port === '' ? 443 : url.port);
  try {
    await lookup(host);
  } catch (error) {
    return { step: 'name', why: messageOf(error) };
  }
  try {
    await opened(connectTcp({ host, port }), 'connect');
  } catch (error) {
    return { step: 'connection', why: messageOf(error) };
  }
  let validity: { notBefore: number; notAfter: number };
  try {
    const socket = connectTls({ host, port, ca, ...servernameOf(host), ALPNProtocols: ['http/1.1'] });
    validity = await opened(socket, 'secureConnect', () => validityOf(socket));
  } catch (error) {
    return { step: 'tls', why: messageOf(error) };
  }
  try {
    const { status, body } = await post(url, ca);
    if (status !== 200) return { step: 'http', why: `HTTP ${status}: ${body.trim()}` };
    return { step: 'done', ...validity, body };
  } catch (error) {
    return { step: 'http', why: messageOf(error) };
  }
}

/** TLS does not allow an IP address as the server name. */
function servernameOf(host: string): { servername?: string } {
  return /^[\d.]+$|:/.test(host) ? {} : { servername: host };
}

function validityOf(socket: TLSSocket): { notBefore: number; notAfter: number } {
  const { valid_from: from, valid_to: to } = socket.getPeerCertificate();
  return { notBefore: Date.parse(from), notAfter: Date.parse(to) };
}

/** The result of `read` once the event comes. The socket is closed in any case. */
async function opened<T>(
  socket: ReturnType<typeof connectTcp>,
  event: 'connect' | 'secureConnect',
  read: () => T = () => undefined as T,
): Promise<T> {
  try {
    return await new Promise<T>((resolve, reject) => {
      socket.setTimeout(timeoutMs, () => reject(new Error(`no answer in ${timeoutMs} ms`)));
      socket.once(event, () => resolve(read()));
      socket.once('error', reject);
    });
  } finally {
    socket.destroy();
  }
}

async function post(url: URL, ca: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request(
      url,
      { method: 'POST', ca, agent: false, timeout: timeoutMs, headers: { 'content-type': 'application/json' } },
      (response) => {
        text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
      },
    );
    call.once('timeout', () => call.destroy(new Error(`no answer in ${timeoutMs} ms`)));
    call.once('error', reject);
    call.end(JSON.stringify(probeReview));
  });
}

/** The answer of every webhook contains it. */
export const probeUid = 'gpugate-doctor';

/** A review of a pod that does not exist. It requests no GPU and is a dry run, so that it changes nothing. */
const probeReview = {
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: probeUid,
    kind: { group: '', version: 'v1', kind: 'Pod' },
    resource: { group: '', version: 'v1', resource: 'pods' },
    requestKind: { group: '', version: 'v1', kind: 'Pod' },
    requestResource: { group: '', version: 'v1', resource: 'pods' },
    name: 'gpugate-doctor',
    namespace: 'default',
    operation: 'CREATE',
    userInfo: { username: 'gpugate-doctor', groups: [] },
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'gpugate-doctor', namespace: 'default' },
      spec: { containers: [{ name: 'doctor', image: 'none' }] },
    },
    oldObject: null,
    dryRun: true,
    options: null,
  },
};
