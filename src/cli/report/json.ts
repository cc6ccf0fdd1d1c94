import type { Place, Report, ReportedFinding, ReportedResult, Reporter } from './report.ts';
import { tallyOf, type Tally } from './tally.ts';

/**
 * What `-o json` prints, on one line. Programs rest on it: fields are added without further ado, and whoever takes one
 * away or gives it another meaning raises `version`.
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
  /** What a command says besides, each in its own way: the patch, the object. */
  readonly data?: Readonly<Record<string, unknown>>;
};

export const reportJson: Reporter = (report, { version }) => `${JSON.stringify(jsonOf(report, version))}\n`;

function jsonOf({ command, results }: Report, gpugate: string): JsonReport {
  return {
    version: 1,
    gpugate,
    command,
    summary: { ...tallyOf(results), total: results.length },
    results: results.map(withoutText),
  };
}

/** It says the same once more, for people. */
function withoutText(result: ReportedResult): JsonResult {
  const { text: _, ...rest } = result;
  return rest;
}
