/** Why a request or a connection carried no review that can be judged. The metric counts by these, the docs list them. */
export const badRequestReasons = {
  handshake_failed: 'The TLS handshake failed, or took too long.',
  connection_lost: 'The connection was lost outside of a request.',
  not_http: 'The client did not send an HTTP/1.1 request.',
  head_too_slow: 'The head of a request took too long.',
  too_many_connections: 'There were too many connections. An idle one was closed, or the new one when none was idle.',
  no_client_certificate: '401: a client certificate is required.',
  bad_client_certificate: '403: the client certificate was issued by another authority.',
  client_not_allowed: '403: the common name of the client certificate is not allowed.',
  not_found: '404: no webhook has this path.',
  method_not_allowed: '405: webhooks take POST only.',
  wrong_content_type: '415: the content type is not application/json.',
  compressed: '415: the body is compressed.',
  body_too_large: '413: the body is over the limit.',
  empty_body: '400: there is no body.',
  not_utf8: '400: the body is not UTF-8.',
  too_deep: '400: the body nests too deeply.',
  not_json: '400: the body is not JSON.',
  not_a_review: '400: the body is not an AdmissionReview v1.',
  malformed_object: '400: the object is not what its kind says.',
  aborted: 'The client closed the connection before it had sent the whole body.',
  body_too_slow: '500: the deadline passed before the whole body had arrived.',
  out_of_memory: '500: the bodies that are being received take too much memory.',
  no_answer: '500: there was no decision before the deadline.',
  internal_error: '500: an error in gpugate, which is in its log.',
} as const;

export type BadRequestReason = keyof typeof badRequestReasons;
