/** What the transport sends back. */
export type Answer = { readonly status: number; readonly contentType: string; readonly body: string | Buffer };

export const plainText = 'text/plain; charset=utf-8';

/** The API server shows this body to the user, before it applies failurePolicy. */
export function couldNotDecide(cause: string): string {
  return `gpugate could not decide: ${cause}`;
}

export const internalError = 'an internal error, which is in the log of gpugate.';

/**
 * Decides one review. `deadline` is a monotonic time in ms (performance.now()).
 * Synchronous when nothing has to be awaited. Never throws.
 */
export type HandleReview = (body: Buffer, deadline: number) => Answer | Promise<Answer>;
