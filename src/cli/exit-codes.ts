/** Exit codes of every command; the README's table is tested against it. */
export const exitCodes = {
  ok: 0,
  /** Everything was right and it still failed, such as a port in use; or what was looked for was found: a problem. */
  failed: 1,
  /** The command line, a setting or an input file is wrong. */
  badInput: 2,
  /** Nothing failed, and of something it could not be told whether it passes: a fact or an answer is missing. */
  undecided: 3,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
