/** What `isColoured` rests on: the part of CliContext that knows where the output goes. */
export type OutputPlace = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly isTerminal: boolean;
};

/**
 * As Node itself decides for its own output: FORCE_COLOR wins over NO_COLOR (https://no-color.org: any text that is not
 * empty), both over what the terminal is.
 */
export function isColoured({ environment, isTerminal }: OutputPlace): boolean {
  const forced = environment['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if ((environment['NO_COLOR'] ?? '') !== '') return false;
  return isTerminal && environment['TERM'] !== 'dumb';
}
