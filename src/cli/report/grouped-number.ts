/** `10,000`. Not by toLocaleString: to load its tables takes 6 ms, a twentieth of what a whole check of one file takes. */
export function grouped(count: number): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}
