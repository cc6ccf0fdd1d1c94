/** What the transport sends back. */
export type Answer = { readonly status: number; readonly contentType: string; readonly body: string | Buffer };

/**
 * Decides one review. `deadline` is a monotonic time in ms (performance.now()).
 * Synchronous when nothing has to be awaited. Never throws.
 */
export type HandleReview = (body: Buffer, deadline: number) => Answer | Promise<Answer>;
