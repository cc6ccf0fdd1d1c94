type Validity = { readonly notBefore: number; readonly notAfter: number };

/** A certificate is renewed when two thirds of its life are over: a third is left to notice that renewal fails. */
export const renewAt = ({ notBefore, notAfter }: Validity): number => notBefore + ((notAfter - notBefore) * 2) / 3;

/** From here on a certificate is not held back for anybody: three days of thirty. */
export const lastTenthAt = ({ notBefore, notAfter }: Validity): number => notAfter - (notAfter - notBefore) / 10;

/** How long a renewal that is due may wait for others: half of what is left then. */
export const latestRenewalAt = (validity: Validity): number => (renewAt(validity) + validity.notAfter) / 2;
