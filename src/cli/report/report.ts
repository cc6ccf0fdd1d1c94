import type { Place } from './place.ts';

/** What the offline commands found, in the one shape that every output is made from. */

export type ReportedFinding = {
  /** Stable id, as in denials, metrics and the README. */
  readonly rule: string;
  /** WorkloadPolicy or TenantQuota; absent if the finding comes from neither, for example an unreadable object. */
  readonly policy?: string;
  /** For `Deny`, `Warn` and `Audit`. */
  readonly level: 'error' | 'warning' | 'note';
  /** One line, as users read it in a denial or a warning. */
  readonly message: string;
  /** Field path in the object, such as `spec.containers[0].resources.limits`. */
  readonly field?: string;
  readonly place?: Place;
};

/** The result for one object, one case of a suite, or one recorded decision. */
export type ReportedResult = {
  /** `pod proj-a/job-7-train`, or the name of a case. */
  readonly name: string;
  /** The file or the suite it belongs to. */
  readonly group: string;
  readonly place?: Place;
  readonly verdict: 'pass' | 'warn' | 'fail' | 'undecided';
  readonly findings: readonly ReportedFinding[];
  /** Lines for people only, such as a diff; they contain no control characters. */
  readonly text?: readonly string[];
  /** Further fields of the JSON output, such as the patch. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly durationMs?: number;
};

export type Report = {
  /** `check`, `test`, `audit` or `replay`. */
  readonly command: string;
  readonly results: readonly ReportedResult[];
};

/** What reporters know about their output. */
export type ReportContext = {
  readonly version: string;
  readonly isColoured: boolean;
  /** The absolute path of the tree that was checked; reports name the files in it by relative paths. */
  readonly directory: string;
};

/** Returns the whole output, which ends with a newline. */
export type Reporter = (report: Report, context: ReportContext) => string;
