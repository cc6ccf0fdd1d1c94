/** Exit codes of every command; the README's table is tested against it. */
export const exitCodes = {
  ok: 0,
  /** The input was fine, and the command still failed, for example because a port is in use; or it found violations. */
  failed: 1,
  /** The command line, a setting or an input file is wrong. */
  badInput: 2,
  /** Nothing failed, but something could not be decided because a fact or an answer is missing. */
  undecided: 3,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The cluster that should supply the facts does not answer, so nothing was judged. Exit code 3. */
export class MissingFacts extends Error {}
