import type { Place } from './place.ts';
import type { Report, ReportedFinding, ReportedResult, Reporter } from './report.ts';
import { tallyOf, type Tally } from './tally.ts';

/**
 * What `-o json` prints, on one line. Programs depend on it: a field may be added at any time; removing one, or giving it
 * another meaning, raises `version`.
 */
export type JsonReport = {
  readonly version: 1;
  readonly gpugate: string;
  readonly command: string;
  /** How many results have each verdict. */
  readonly summary: Tally & { readonly total: number };
  readonly results: readonly JsonResult[];
};

type JsonResult = {
  readonly name: string;
  readonly group: string;
  readonly verdict: ReportedResult['verdict'];
  readonly place?: Place;
  readonly findings: readonly ReportedFinding[];
  readonly durationMs?: number;
  /** Further fields, which differ between commands: the patch, the object. */
  readonly data?: Readonly<Record<string, unknown>>;
};

export const reportJson: Reporter = (report, { version }) => `${JSON.stringify(jsonReport(report, version))}\n`;

export function jsonReport({ command, results }: Report, gpugate: string): JsonReport {
  return {
    version: 1,
    gpugate,
    command,
    summary: { ...tallyOf(results), total: results.length },
    results: results.map(withoutText),
  };
}

/** The text repeats the findings for people. */
function withoutText(result: ReportedResult): JsonResult {
  const { text: _, ...rest } = result;
  return rest;
}
