import { printable } from '../../text/printable.ts';

/** Nobody reads more rows on a terminal; JSON has all of them. */
const maxRows = 200;

/** Columns two spaces apart, as kubectl prints them; the last one is not padded. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === cells.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [head, ...rows].map((cells) => `${line(cells)}\n`).join('');
}

/** The first rows as a table, and how many more there are. */
export function boundedTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const shown = rows.slice(0, maxRows).map((row) => row.map(printable));
  const rest = rows.length - shown.length;
  return textTable(head, shown) + (rest > 0 ? `... and ${rest} more rows; -o json has them.\n` : '');
}

/** `10,000`. Not by toLocaleString, which loads tables for 6 ms. */
export function grouped(count: number): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1 decision`, `2,000 decisions`. */
export function plural(count: number, one: string, many: string): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}
