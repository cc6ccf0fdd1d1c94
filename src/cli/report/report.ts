/** What the offline commands found, in the one shape that every output is made from. */

export type Place = { readonly file: string; readonly line: number; readonly column: number };

export type ReportedFinding = {
  /** Stable id, as in denials, metrics and the README. */
  readonly rule: string;
  /** WorkloadPolicy or TenantQuota; absent for what no policy says, such as an object that cannot be read. */
  readonly policy?: string;
  /** Of `Deny`, `Warn` and `Audit`. */
  readonly level: 'error' | 'warning' | 'note';
  /** One line, as users read it in a denial or a warning. */
  readonly message: string;
  /** Field path in the object, such as `spec.containers[0].resources.limits`. */
  readonly field?: string;
  readonly place?: Place;
};

/** One thing that was judged: an object, a case of a suite, a recorded decision. */
export type ReportedResult = {
  /** `pod proj-a/job-7-train`, or the name of a case. */
  readonly name: string;
  /** The file or the suite it belongs to. */
  readonly group: string;
  readonly place?: Place;
  readonly verdict: 'pass' | 'warn' | 'fail' | 'undecided';
  readonly findings: readonly ReportedFinding[];
  /** Lines that only people read, such as a diff; already without control characters. */
  readonly text?: readonly string[];
  /** What JSON says besides, such as the patch. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly durationMs?: number;
};

export type Report = {
  /** `check`, `test`, `audit` or `replay`. */
  readonly command: string;
  readonly results: readonly ReportedResult[];
};

/** What reporters know of where they print to. */
export type ReportContext = {
  readonly version: string;
  readonly isColoured: boolean;
  /** The tree that was checked, absolute: paths inside of it are told relative to it. */
  readonly directory: string;
};

/** The whole output, with its last newline. */
export type Reporter = (report: Report, context: ReportContext) => string;
