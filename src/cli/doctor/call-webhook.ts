import { lookup } from 'node:dns/promises';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { messageOf } from '../../text/message-of.ts';

/** Half of the time that the API server has: who needs longer is ill. */
const timeoutMs = 2500;

export type Target = {
  readonly url: URL;
  /** PEM of what the API server trusts. */
  readonly ca: string;
};

/** How far it got: the first step that fails says why, and those after it were not tried. */
export type Call =
  | { readonly step: 'name' | 'connection' | 'tls' | 'http'; readonly why: string }
  | { readonly step: 'done'; readonly notBefore: number; readonly notAfter: number; readonly body: string };

/** Does what the API server does to ask a webhook, one step after the other. Never rejects. */
export async function callWebhook({ url, ca }: Target, review: object): Promise<Call> {
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
    const { status, body } = await post(url, ca, review);
    if (status !== 200) return { step: 'http', why: `HTTP ${status}: ${body.trim()}` };
    return { step: 'done', ...validity, body };
  } catch (error) {
    return { step: 'http', why: messageOf(error) };
  }
}

/** An address is no server name. */
function servernameOf(host: string): { servername?: string } {
  return /^[\d.]+$|:/.test(host) ? {} : { servername: host };
}

function validityOf(socket: TLSSocket): { notBefore: number; notAfter: number } {
  const { valid_from: from, valid_to: to } = socket.getPeerCertificate();
  return { notBefore: Date.parse(from), notAfter: Date.parse(to) };
}

/** What `read` says when the event comes; the socket is ended in any case. */
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

async function post(url: URL, ca: string, review: object): Promise<{ status: number; body: string }> {
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
    call.end(JSON.stringify(review));
  });
}
