/** A request that the API server refused or did not answer. `message` tells people what failed and what to do. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** `reason` of metav1.Status, such as AlreadyExists; empty when there was none. */
  readonly reason: string;
  /** How long the server asks the client to wait before the next attempt, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, about: { status: number; reason?: string; retryAfterMs?: number | undefined }) {
    super(message);
    this.status = about.status;
    this.reason = about.reason ?? '';
    this.retryAfterMs = about.retryAfterMs;
  }

  get isNotFound(): boolean {
    return this.status === 404;
  }

  get isForbidden(): boolean {
    return this.status === 403;
  }

  /** Somebody else wrote the object since it was read, or it exists already. */
  get isConflict(): boolean {
    return this.status === 409;
  }

  /** The resourceVersion or continue token is older than what the server remembers: list again. */
  get isGone(): boolean {
    return this.status === 410;
  }

  /** No answer, too many requests, or an error in the server: the same request may succeed a moment later. */
  get isTransient(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export type RequestLine = { readonly method: string; readonly path: string; readonly isWatch?: boolean };

/** The verb and the object as RBAC names them: `list` and `pods in namespace a`, `get` and `nodes "n1"`. */
export function describeRequest({ method, path, isWatch = false }: RequestLine): { verb: string; object: string } {
  const address = path.replace(/\?.*$/, '');
  const parts = address.split('/').filter((part) => part !== '');
  const [root, group = ''] = parts;
  const isCore = root === 'api';
  if (!isCore && root !== 'apis') return { verb: method.toLowerCase(), object: address };
  const rest = parts.slice(isCore ? 2 : 3);
  const inNamespace = rest[0] === 'namespaces' && rest.length > 2 && !isPartOfNamespace(rest[2]);
  const [resource = '', name, subResource] = inNamespace ? rest.slice(2) : rest;
  const plural = `${resource}${isCore ? '' : `.${group}`}${subResource === undefined ? '' : `/${subResource}`}`;
  const place = inNamespace ? ` in namespace ${rest[1]}` : '';
  const verbs: Readonly<Record<string, string>> = {
    GET: name === undefined ? 'list' : 'get',
    POST: 'create',
    PUT: 'update',
    PATCH: 'patch',
    DELETE: name === undefined ? 'deletecollection' : 'delete',
  };
  const verb = isWatch ? 'watch' : (verbs[method] ?? method.toLowerCase());
  return { verb, object: `${plural}${name === undefined ? '' : ` "${name}"`}${place}` };
}

/** `/api/v1/namespaces/a/status` is of the namespace itself. */
function isPartOfNamespace(part: string | undefined): boolean {
  return part === 'status' || part === 'finalize';
}

type Status = { readonly message?: unknown; readonly reason?: unknown };

/** The error for an unsuccessful response. `body` may be a metav1.Status or anything else. */
export function apiErrorOf(request: RequestLine, status: number, body: string, retryAfter?: string): ApiError {
  const { message, reason } = parseStatus(body);
  const { verb, object } = describeRequest(request);
  const seconds = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) : undefined;
  return new ApiError(`cannot ${verb} ${object}: ${explain(status, { verb, object, message })}`, {
    status,
    reason,
    retryAfterMs: seconds === undefined ? undefined : seconds * 1000,
  });
}

function explain(status: number, { verb, object, message }: { verb: string; object: string; message: string }): string {
  const said = message === '' ? '' : ` (${message})`;
  switch (status) {
    case 401:
      return `the API server does not accept the credentials${said}. Renew the token or the client certificate.`;
    case 403:
      return `the role lacks the verb ${verb} on ${object.replace(/ ".*?"/, '')}${said}. Apply gpugate's RBAC, or add it.`;
    case 404:
      return `there is no such object or resource${said}. Are the CRDs installed?`;
    case 409:
      return `somebody else wrote it first${said}.`;
    case 410:
      return `the version asked for is too old${said}.`;
    default:
      return message === '' ? `HTTP ${status}` : message;
  }
}

function parseStatus(body: string): { message: string; reason: string } {
  let status: Status = {};
  try {
    status = JSON.parse(body) as Status;
  } catch {
    return { message: body.slice(0, 200).trim(), reason: '' };
  }
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return { message: text(status?.message), reason: text(status?.reason) };
}

/** The answer, or undefined when the object does not exist. Rejects with any other error. */
export async function ifFound<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.isNotFound) return undefined;
    throw error;
  }
}
