const second = 1000;

/** What the API server uses when a webhook says nothing (`timeoutSeconds` of admissionregistration.k8s.io/v1). */
export const defaultTimeoutMs = 10 * second;
/** The largest `timeoutSeconds` there is. */
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
  m: 60 * second,
  h: 3600 * second,
};

/** A longer text is no duration: `2562047h47m16.854775807s` is the longest that Go prints. */
const maxDurationLength = 32;
const wholeDuration = /^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const durationParts = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;

/** Milliseconds of a Go duration such as `5s`, `500ms` or `1m30s`; undefined when it is none, or not positive. */
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
