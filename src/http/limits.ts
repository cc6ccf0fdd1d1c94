const second = 1000;
const minute = 60 * second;
const mebibyte = 1024 * 1024;

/** What one sender, and all of them together, may take of the server. Each default carries its arithmetic. */
export type Limits = {
  readonly maxBodyBytes: number;
  readonly maxBodiesBytes: number;
  readonly maxConnections: number;
  readonly maxConnectionAgeMs: number;
  readonly handshakeTimeoutMs: number;
  readonly refusedTimeoutMs: number;
  readonly headTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly sweepEveryMs: number;
  readonly lingerMs: number;
  readonly lingerBytes: number;
};

export const defaultLimits: Limits = {
  /** object and oldObject of 3 MB each (etcd's limit is lower still), and the envelope: as controller-runtime. */
  maxBodyBytes: 7 * mebibyte,
  /** All bodies that are held at one time: 36 of the largest, or 40,000 of 6.3 KB. */
  maxBodiesBytes: 256 * mebibyte,
  /** 25 idle ones per path from each API server: 25 x 7 paths x 5 servers = 875, and a burst; at 70 KB each 140 MiB. */
  maxConnections: 2048,
  /** A new replica gets its share of the traffic within this time, because clients have to reconnect. */
  maxConnectionAgeMs: 10 * minute,
  /** A handshake takes two round trips; the API server gives the whole call 10 s by default. */
  handshakeTimeoutMs: 5 * second,
  /** Without the right client certificate: long enough for one request, whose answer says what is wrong. */
  refusedTimeoutMs: 2 * second,
  /** From the first byte of a request's head to its last: one TCP segment from any honest client. */
  headTimeoutMs: 10 * second,
  /** The API server keeps idle connections for 90 s. The side that closes first loses a request: it must not be ours. */
  keepAliveTimeoutMs: 120 * second,
  /** How often slow senders are looked for. */
  sweepEveryMs: 1 * second,
  /** After a refusal the rest of the body is discarded for so long, so that the sender reads the answer... */
  lingerMs: 1 * second,
  /** ...and for so many bytes: the body of an honest sender that is a little over the limit. */
  lingerBytes: 16 * mebibyte,
};

/** What the API server uses when a webhook sets no `timeoutSeconds` (admissionregistration.k8s.io/v1). */
export const defaultTimeoutMs = 10 * second;
/** The largest `timeoutSeconds` that the API server accepts. */
export const maxTimeoutMs = 30 * second;
/** For the way back: a tenth of the timeout, but never more than half a second. */
const marginShare = 0.1;
const maxMarginMs = 500;

const unitsInMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: second,
  m: minute,
  h: 60 * minute,
};

/** A longer text is not a duration: `2562047h47m16.854775807s` is the longest that Go prints. */
const maxDurationLength = 32;
const wholeDuration = /^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const durationParts = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;

/** Milliseconds of a Go duration such as `5s`, `500ms` or `1m30s`; undefined when it is not one, or not positive. */
export function parseGoDuration(text: string): number | undefined {
  if (text.length > maxDurationLength || !wholeDuration.test(text)) return undefined;
  let total = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(durationParts))
    total += Number(amount) * (unitsInMs[unit] ?? 0);
  return total > 0 ? total : undefined;
}

/** How long a decision may take, from the query of a webhook call: `timeout` less a margin for the way back. */
export function decisionTimeMs(query: string): number {
  const asked = new URLSearchParams(query).get('timeout');
  const timeoutMs = Math.min((asked === null ? undefined : parseGoDuration(asked)) ?? defaultTimeoutMs, maxTimeoutMs);
  return timeoutMs - Math.min(timeoutMs * marginShare, maxMarginMs);
}
