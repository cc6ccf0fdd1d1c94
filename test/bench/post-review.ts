import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';

export type ReviewResponse = {
  readonly uid: string;
  readonly allowed: boolean;
  readonly patch?: string;
  readonly status?: { readonly message?: string };
};

/** Sends one review to a webhook server whose certificates are in that directory. */
export async function postReview(
  { port, certs, path }: { readonly port: number; readonly certs: string; readonly path: string },
  review: object,
): Promise<ReviewResponse> {
  const ca = readFileSync(join(certs, 'ca.crt'));
  const answer = await new Promise((resolve, reject) => {
    const url = `https://127.0.0.1:${port}${path}?timeout=10s`;
    const headers = { 'content-type': 'application/json' };
    const call = request(url, { method: 'POST', ca, agent: false, headers }, (response) => {
      json(response).then(resolve, reject);
    });
    call.once('error', reject);
    call.end(JSON.stringify(review));
  });
  return (answer as { response: ReviewResponse }).response;
}
