import type { Answer } from '../admission/answer.ts';

/**
 * Every answer that the transport gives by itself. The key counts it in gpugate_bad_requests_total.
 * What is the server's fault is 500, whose sentence alone the API server shows to the user; never with Retry-After.
 */
const catalogue = {
  body_too_large: [413, 'the request body is larger than 7 MiB, more than any AdmissionReview.'],
  not_json: [415, 'the content type must be application/json.'],
  compressed: [415, 'the body must not be compressed: send it without content-encoding.'],
  empty_body: [400, 'the request body is empty; an AdmissionReview is expected.'],
  no_client_certificate: [401, 'a client certificate is required.'],
  bad_client_certificate: [403, 'the client certificate is not signed by the authority that this server trusts.'],
  client_not_allowed: [403, 'the common name of the client certificate is not among those that are allowed.'],
  body_too_slow: [500, 'gpugate could not decide: the deadline had passed before the whole request body had arrived.'],
  out_of_memory: [500, 'gpugate could not decide: too many request bodies are being received at the moment.'],
  no_answer: [500, 'gpugate could not decide: there was no decision before the deadline.'],
  internal_error: [500, 'gpugate could not decide: an internal error, which is in the log of gpugate.'],
} as const satisfies Record<string, readonly [status: number, sentence: string]>;

export type RefusalReason = keyof typeof catalogue;

export type Refusal = Answer & { readonly reason: RefusalReason };

export const plainText = 'text/plain; charset=utf-8';

/** The refusal of that name. */
export function refusal(reason: RefusalReason): Refusal {
  const [status, sentence] = catalogue[reason];
  return { reason, status, contentType: plainText, body: sentence };
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
