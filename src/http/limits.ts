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
  /** A new replica gets its share of the traffic within this time, as clients dial anew. */
  maxConnectionAgeMs: 10 * minute,
  /** A handshake takes two round trips; the API server gives the whole call 10 s by default. */
  handshakeTimeoutMs: 5 * second,
  /** Without the right client certificate: long enough for one request, whose answer says what is wrong. */
  refusedTimeoutMs: 2 * second,
  /** From the first byte of a request's head to its last: one TCP segment from any honest client. */
  headTimeoutMs: 10 * second,
  /** The API server keeps idle connections for 90 s; who closes first loses a request, so it must not be this side. */
  keepAliveTimeoutMs: 120 * second,
  /** How often slow senders are looked for. */
  sweepEveryMs: 1 * second,
  /** After a refusal the rest of the body is thrown away for so long, so that the sender reads the answer... */
  lingerMs: 1 * second,
  /** ...and for so many bytes: the body of an honest sender that is a little over the limit. */
  lingerBytes: 16 * mebibyte,
};
