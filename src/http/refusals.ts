import { couldNotDecide, internalError, plainText, type Answer } from '../review/answer.ts';
import type { BadRequestReason } from '../telemetry/bad-request-reasons.ts';

/**
 * Every answer that the transport gives by itself. The key counts it in gpugate_bad_requests_total.
 * What is the server's fault is 500, whose sentence alone the API server shows to the user; never with Retry-After.
 */
const catalogue = {
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

/** The refusal of that name. */
export function refusal(reason: keyof typeof catalogue): Refusal {
  const [status, sentence] = catalogue[reason];
  return { reason, status, contentType: plainText, body: sentence };
}

const mebibyte = 1024 * 1024;

/** Of a body over the limit, which the sentence names. */
export function refuseLargeBody(maxBytes: number): Refusal {
  const limit = maxBytes % mebibyte === 0 ? `${maxBytes / mebibyte} MiB` : `${maxBytes} bytes`;
  const body = `the request body is larger than ${limit}, more than any AdmissionReview.`;
  return { reason: 'body_too_large', status: 413, contentType: plainText, body };
}

/** What the parser or a timeout makes of a connection that carries no request: the status line of its last answer. */
const brokenRequestStatus: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

export function brokenRequestAnswer(code: string): string {
  const status = brokenRequestStatus[code] ?? '400 Bad Request';
  return `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
}
