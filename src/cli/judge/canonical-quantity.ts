import { nanosPerUnit, parseQuantity } from '../../workload/quantity.ts';

const decimalSuffixes: ReadonlyMap<number, string> = new Map(
  ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'].map((suffix, index) => [3 * index - 9, suffix]),
);
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const;

/**
 * A quantity as the API server writes it after it has read it (apimachinery `Quantity.CanonicalizeBytes`): 1000m is 1,
 * 1024Mi is 1Gi, 1.5Gi is 1536Mi, 15000 is 15k. Text that is not a quantity stays as it is, for the rules to find.
 */
export function canonicalQuantity(text: string): string {
  const trimmed = text.trim();
  const nanos = parseQuantity(trimmed);
  return nanos === undefined ? text : canonicalNanos(nanos, trimmed);
}

/** An amount in the notation of `like`: with a binary suffix, a decimal one, or an exponent. */
export function canonicalNanos(nanos: bigint, like: string): string {
  if (nanos === 0n) return '0';
  if (like.endsWith('i') && nanos % nanosPerUnit === 0n && nanos >= 1024n * nanosPerUnit) return binary(nanos);
  return decimal(nanos, /[eE][-+]?[0-9]/.test(like));
}

function binary(nanos: bigint): string {
  let units = nanos / nanosPerUnit;
  let power = 0;
  while (units % 1024n === 0n && power < binarySuffixes.length - 1) {
    units /= 1024n;
    power += 1;
  }
  return `${units}${binarySuffixes[power]}`;
}

/** Only whole thousands get a suffix: 1500 stays, and 15000 is 15k. */
function decimal(nanos: bigint, isExponent: boolean): string {
  let mantissa = nanos;
  let exponent = -9;
  while (mantissa % 1000n === 0n) {
    mantissa /= 1000n;
    exponent += 3;
  }
  const suffix = isExponent ? undefined : decimalSuffixes.get(exponent);
  return `${mantissa}${suffix ?? (exponent === 0 ? '' : `e${exponent}`)}`;
}
