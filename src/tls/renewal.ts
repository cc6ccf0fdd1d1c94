/** A certificate is renewed when two thirds of its life are over: a third is left to notice that renewal fails. */
export const renewAt = ({ notBefore, notAfter }: { notBefore: number; notAfter: number }): number =>
  notBefore + ((notAfter - notBefore) * 2) / 3;
