import type { X509Certificate } from 'node:crypto';

/** Wall-clock milliseconds. */
export type Validity = { readonly notBefore: number; readonly notAfter: number };

export function validityOf(certificate: X509Certificate): Validity {
  return { notBefore: certificate.validFromDate.getTime(), notAfter: certificate.validToDate.getTime() };
}

/** Why a certificate cannot be used now; undefined when it can. */
export function validityProblem(validity: Validity, now: number): string | undefined {
  if (now >= validity.notAfter) return `it expired at ${isoTime(validity.notAfter)}, it is ${isoTime(now)} now`;
  if (now < validity.notBefore) {
    return `it is not valid before ${isoTime(validity.notBefore)}, it is ${isoTime(now)} now: check the clock`;
  }
  return undefined;
}

/** A certificate is renewed after two thirds of its life. The last third is time to notice that renewal fails. */
export const renewAt = ({ notBefore, notAfter }: Validity): number => notBefore + ((notAfter - notBefore) * 2) / 3;

/** In the last tenth of its life, three days of thirty, a certificate is replaced even if not every client is ready. */
export const lastTenthAt = ({ notBefore, notAfter }: Validity): number => notAfter - (notAfter - notBefore) / 10;

/** How long a renewal that is due may wait for others: half of the time that is left then. */
export const latestRenewalAt = (validity: Validity): number => (renewAt(validity) + validity.notAfter) / 2;

export function isoTime(time: number): string {
  return new Date(time).toISOString();
}
