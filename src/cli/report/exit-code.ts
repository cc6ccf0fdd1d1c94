import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { Report } from './report.ts';

/** What fails counts for more than what could not be decided: it would fail whatever the missing answer is. */
export function exitCodeOf({ results }: Report): ExitCode {
  const has = (wanted: string) => results.some(({ verdict }) => verdict === wanted);
  if (has('fail')) return exitCodes.failed;
  return has('undecided') ? exitCodes.undecided : exitCodes.ok;
}
