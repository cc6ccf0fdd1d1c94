/**
 * A policy that the schema accepts and a rule cannot use, such as a pattern that is no regular expression.
 * Thrown by `compile` only, so while a policy is loaded: never while a request waits.
 */
export class PolicyError extends Error {
  /** The setting at fault, such as `spec.names.pattern`. */
  readonly field: string;

  constructor(field: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'PolicyError';
    this.field = field;
  }
}
