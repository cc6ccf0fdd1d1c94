import type { BadRequestReason } from '../review/bad-request-reasons.ts';
import { couldNotDecide, internalError, plainText, type Answer } from '../review/respond.ts';

/**
 * Every answer that the transport gives by itself. The key counts it in gpugate_bad_requests_total.
 * What is the server's doing is 500, because the API server shows that sentence to the user; never with Retry-After.
 */
const catalogue = {
  not_found: [404, 'there is no such path: this port serves admission webhooks only.'],
  method_not_allowed: [405, 'this path takes POST with an AdmissionReview.'],
  wrong_content_type: [415, 'the content type must be application/json.'],
  compressed: [415, 'the body must not be compressed: send it without content-encoding.'],
  empty_body: [400, 'the request body is empty; an AdmissionReview is expected.'],
  no_client_certificate: [401, 'a client certificate is required.'],
  bad_client_certificate: [403, 'the client certificate is not signed by the authority that this server trusts.'],
  client_not_allowed: [403, 'the common name of the client certificate is not among those that are allowed.'],
  body_too_slow: [500, couldNotDecide('the deadline had passed before the whole request body had arrived.')],
  out_of_memory: [500, couldNotDecide('too many request bodies are being received at the moment.')],
  no_answer: [500, couldNotDecide('there was no decision before the deadline.')],
  internal_error: [500, couldNotDecide(internalError)],
} as const satisfies Partial<Record<BadRequestReason, readonly [status: number, sentence: string]>>;

export type Refusal = Answer & { readonly reason: BadRequestReason };

export function refusal(reason: keyof typeof catalogue): Refusal {
  const [status, sentence] = catalogue[reason];
  return { reason, status, contentType: plainText, body: sentence };
}

const mebibyte = 1024 * 1024;

/** For a body over the limit, which the sentence names. */
export function refuseLargeBody(maxBytes: number): Refusal {
  const limit = maxBytes % mebibyte === 0 ? `${maxBytes / mebibyte} MiB` : `${maxBytes} bytes`;
  const body = `the request body is larger than ${limit}, more than any AdmissionReview.`;
  return { reason: 'body_too_large', status: 413, contentType: plainText, body };
}

/** The status line of the last answer on a connection that carries no request, by the error of the parser or a timeout. */
const brokenRequestStatus: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

export function brokenRequestAnswer(code: string): string {
  const status = brokenRequestStatus[code] ?? '400 Bad Request';
  return `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
}
