/** Every benchmark prints a table for people, and then one JSON line as its last. */

export type Figure = { readonly value: number; readonly unit: string; readonly bar?: number; readonly ok?: boolean };
export type Figures = Readonly<Record<string, Figure>>;

/** A figure with a bar: the value should be the bar or more (`atLeast`), or the bar or less (`atMost`). */
export const atLeast = (value: number, bar: number, unit: string): Figure => ({ value, unit, bar, ok: value >= bar });
export const atMost = (value: number, bar: number, unit: string): Figure => ({ value, unit, bar, ok: value <= bar });

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

export function printReport(bench: string, figures: Figures, write: (text: string) => void): void {
  const rows = Object.entries(figures).map(([name, { value, unit, bar, ok }]) => [
    name,
    String(rounded(value)),
    unit,
    bar === undefined ? '' : `bar ${bar}`,
    ok === undefined ? '' : ok ? 'ok' : 'MISSED',
  ]);
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows)
    write(
      `${row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
  const plain = Object.fromEntries(Object.entries(figures).map(([n, f]) => [n, { ...f, value: rounded(f.value) }]));
  write(`${JSON.stringify({ bench, figures: plain })}\n`);
}
