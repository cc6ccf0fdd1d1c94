import type { TLSSocket } from 'node:tls';
import { refusal, type Refusal } from './refusals.ts';

/** Who may call: clients with a certificate of this authority and, when given, one of these common names. */
export type ClientCheck = {
  /** One or more PEM certificates. */
  readonly ca: string;
  readonly allowedNames?: readonly string[];
};

/** Why this client may not call, asked once a connection; undefined when it may. */
export function refuseClient(socket: TLSSocket, allowedNames: readonly string[] | undefined): Refusal | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return refusal('no_client_certificate');
  if (!socket.authorized) return refusal('bad_client_certificate');
  if (allowedNames === undefined) return undefined;
  const name: unknown = socket.getPeerCertificate().subject.CN;
  return typeof name === 'string' && allowedNames.includes(name) ? undefined : refusal('client_not_allowed');
}
