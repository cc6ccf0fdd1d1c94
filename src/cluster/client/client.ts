import { type IncomingMessage, type OutgoingHttpHeaders, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { buffer, json } from 'node:stream/consumers';
import type { PlainObject } from '../../api/plain-object.ts';
import { ApiError, apiErrorOf, describeRequest, type RequestLine } from './api-error.ts';
import type { ApiServer } from './api-server.ts';
import { isProtobuf, readEnvelope, statusShape } from '../protobuf/envelope.ts';
import { MalformedProtobuf } from '../protobuf/wire.ts';
import { withRetries, type Clock } from './retry.ts';

export type ApiRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query: `/api/v1/pods?limit=50`. */
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  /** JSON by default. The Content-Type of the answer says what it is. */
  readonly accept?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** No retries: for writes that must not happen twice. */
  readonly once?: boolean;
};

/** The API server as the rest of this room sees it. */
export type ApiClient = {
  /**
   * What `read` makes of a successful answer while it arrives. After a failure half-way, the next attempt reads from the
   * start. Throws ApiError.
   */
  readonly fetch: <T>(
    request: ApiRequest,
    read: (body: AsyncIterable<Buffer>, contentType: string) => Promise<T>,
  ) => Promise<T>;
  /** The parsed answer. Throws ApiError. */
  readonly request: (request: ApiRequest) => Promise<unknown>;
  /** An answer without end, returned when its head has arrived. No retries. */
  readonly watch: (path: string, signal: AbortSignal, accept?: string) => Promise<Stream>;
};

export type Stream = { readonly body: AsyncIterable<Buffer>; readonly contentType: string };

/** The API server itself gives up after 60 s. */
const defaultTimeoutMs = 60_000;
/** Until the head of a watch: a server that is overloaded answers 429 long before. */
const watchHeadTimeoutMs = 30_000;

export function createClient(server: ApiServer, clock: Clock): ApiClient {
  const attempt = async <T>(
    request: ApiRequest,
    read: (body: AsyncIterable<Buffer>, contentType: string) => Promise<T>,
  ): Promise<T> => {
    const signals = [AbortSignal.timeout(request.timeoutMs ?? defaultTimeoutMs), request.signal];
    const signal = AbortSignal.any(signals.filter((one) => one !== undefined));
    try {
      const response = await send(server, request, signal);
      const { statusCode: status = 0, headers } = response;
      if (status >= 200 && status < 300) return await read(response, contentTypeOf(response));
      if (status === 401) server.forget();
      throw apiErrorOf(request, status, await readFailure(response), headers['retry-after']);
    } catch (error) {
      throw error instanceof ApiError ? error : noAnswer(server, request, error);
    }
  };
  const fetch: ApiClient['fetch'] = (request, read) =>
    request.once === true
      ? attempt(request, read)
      : withRetries(() => attempt(request, read), { clock, signal: request.signal });

  return {
    fetch,
    request: (request) => fetch(request, (body) => json(body)),
    watch: async (path, signal, accept) => {
      const line = { method: 'GET', path, isWatch: true } as const;
      const head = new AbortController();
      const timer = setTimeout(() => head.abort(new DOMException('no answer', 'TimeoutError')), watchHeadTimeoutMs);
      try {
        const request = accept === undefined ? line : { ...line, accept };
        const response = await send(server, request, AbortSignal.any([signal, head.signal]));
        const { statusCode: status = 0, headers } = response;
        if (status === 200) return { body: response, contentType: contentTypeOf(response) };
        if (status === 401) server.forget();
        throw apiErrorOf(line, status, await readFailure(response), headers['retry-after']);
      } catch (error) {
        throw error instanceof ApiError ? error : noAnswer(server, line, error);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

function contentTypeOf({ headers }: IncomingMessage): string {
  return headers['content-type'] ?? '';
}

/** A refusal comes in the form that was requested, or as text from a proxy in front of the API server. */
async function readFailure(response: IncomingMessage): Promise<string> {
  const body = await buffer(response);
  if (!isProtobuf(contentTypeOf(response))) return body.toString('utf8');
  try {
    return JSON.stringify(readEnvelope(body, statusShape));
  } catch (error) {
    if (error instanceof MalformedProtobuf) return ''; // the HTTP status says the most of it
    throw error;
  }
}

function noAnswer(server: ApiServer, request: RequestLine, error: unknown): ApiError {
  const { verb, object } = describeRequest(request);
  const cause = error instanceof Error ? error : new Error(String(error));
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  // When several addresses failed, only the code says why.
  const said = cause.message === '' ? code : cause.message;
  // Node aborts a request with its own error, whose cause is the reason of the signal.
  const isLate = [cause, cause.cause].some((one) => one instanceof Error && one.name === 'TimeoutError');
  const why = isLate ? `the API server at ${server.url.host} did not answer in time` : said;
  return new ApiError(`cannot ${verb} ${object}: ${why}`, { status: 0 });
}

async function send(
  server: ApiServer,
  {
    method,
    path,
    body,
    contentType = 'application/json',
    accept = 'application/json',
  }: Pick<ApiRequest, 'method' | 'path' | 'body' | 'contentType' | 'accept'>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { agent, headers } = await server.authenticate();
  const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const url = new URL(`${server.url.pathname.replace(/\/$/, '')}${path}`, server.url);
  const open = url.protocol === 'http:' ? httpRequest : httpsRequest;
  return new Promise((resolve, reject) => {
    const request = open(url, {
      method,
      ...(agent === undefined ? {} : { agent }),
      signal,
      headers: {
        ...(headers as OutgoingHttpHeaders | undefined),
        accept,
        ...(content === undefined ? {} : { 'content-type': contentType, 'content-length': content.length }),
      },
    });
    request.once('error', reject);
    request.once('response', resolve);
    request.end(content);
  });
}

/** An object as the API server sent it. */
export type RawObject = PlainObject;

function metaOf(object: RawObject): RawObject {
  return (object['metadata'] ?? {}) as RawObject;
}

export function nameOf(object: RawObject): string {
  return String(metaOf(object)['name']);
}

export function uidOf(object: RawObject): string {
  return String(metaOf(object)['uid']);
}

export function versionOf(object: RawObject): string {
  return String(metaOf(object)['resourceVersion']);
}
