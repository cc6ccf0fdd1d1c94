import type { AdmissionRequest, BadReview } from './decode.ts';

/** What goes back over HTTP. */
export type Answer = { readonly status: number; readonly contentType: string; readonly body: string };

/** One step of a JSON Patch (RFC 6902). */
export type PatchOperation = { readonly op: string; readonly path: string; readonly value?: unknown };

type Remarks = {
  /** Shown to the user by kubectl. */
  readonly warnings: readonly string[];
  /** Written into the audit log; the API server prefixes each key with the webhook's name. */
  readonly annotations: Readonly<Record<string, string>>;
};

/** The response to one request, before it is written. */
export type AdmissionResponse =
  | (Remarks & { readonly kind: 'allowed'; readonly patch: readonly PatchOperation[] })
  | (Remarks & { readonly kind: 'denied'; readonly message: string })
  | { readonly kind: 'undecided'; readonly cause: string };

export const plainText = 'text/plain; charset=utf-8';

export const internalError = 'an internal error, which is in the log of gpugate.';

/** The API server shows this body to the user, before it applies failurePolicy. */
export function couldNotDecide(cause: string): string {
  return `gpugate could not decide: ${cause}`;
}

/**
 * The answer to one request. It is made from the request, so that the uid cannot be lost.
 * `undecided` is HTTP 500 with one sentence, which the API server shows to the user before it applies failurePolicy.
 */
export function respond({ uid }: Pick<AdmissionRequest, 'uid'>, response: AdmissionResponse): Answer {
  if (response.kind === 'undecided') return undecidedAnswer(response.cause);
  const { warnings, annotations } = response;
  const review = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      ...verdictOf(response),
      ...(warnings.length > 0 ? { warnings } : {}),
      auditAnnotations: annotations,
    },
  };
  return { status: 200, contentType: 'application/json', body: JSON.stringify(review) };
}

/** HTTP 500: gpugate could not decide. Never with Retry-After: client-go would repeat the body up to ten times. */
export function undecidedAnswer(cause: string): Answer {
  return { status: 500, contentType: plainText, body: couldNotDecide(cause) };
}

/** HTTP 400: the body is not a review, so there is no uid to answer to. */
export function badReviewAnswer({ message }: BadReview): Answer {
  return { status: 400, contentType: plainText, body: message };
}

function verdictOf(response: Exclude<AdmissionResponse, { kind: 'undecided' }>): object {
  if (response.kind === 'denied') {
    // code and reason make kubectl print "(Forbidden)" before the message.
    const status = { status: 'Failure', message: response.message, reason: 'Forbidden', code: 403 };
    return { allowed: false, status };
  }
  if (response.patch.length === 0) return { allowed: true };
  const patch = Buffer.from(JSON.stringify(response.patch)).toString('base64');
  return { allowed: true, patchType: 'JSONPatch', patch };
}
