import { policyTest, type Expectation } from '../../api/policy-test.ts';
import { InputError } from '../../text/errors.ts';
import { compare, partOf, ruleIdsOf, type Mismatch } from './compare.ts';
import type { CaseRun, Got } from './run-case.ts';
import type { Suite } from './suite.ts';
import { type CaseUpdate, type UpdatedFields, updateSuites } from './update-suite.ts';

/** A case that ran, and its expectations that are not met. */
export type JudgedCase = {
  readonly suite: Suite;
  readonly run: CaseRun;
  readonly mismatches: readonly Mismatch[];
  /** The fields of the expectation that were updated. */
  readonly updated: readonly string[];
};

const allowed: Expectation = { decision: 'Allow' };

export function judgeCase(suite: Suite, run: CaseRun): JudgedCase {
  const { result, case: testCase } = run;
  const mismatches = result.kind === 'judged' ? compare(testCase.expect ?? allowed, result.got) : [];
  return { suite, run, mismatches, updated: [] };
}

/**
 * The cases after their results have been written into the suites, and the new texts of the files. Throws InputError for
 * a file that cannot be updated; the caller must then write no file.
 */
export function updateFiles(
  cases: readonly JudgedCase[],
  texts: ReadonlyMap<string, string>,
): { readonly cases: readonly JudgedCase[]; readonly files: ReadonlyMap<string, string> } {
  const updates = new Map<string, CaseUpdate[]>();
  const after = cases.map((judged): JudgedCase => {
    const { suite, run } = judged;
    const fields = fieldsOf(judged);
    if (run.result.kind !== 'judged' || Object.keys(fields).length === 0) return judged;
    updates.set(suite.file, [...(updates.get(suite.file) ?? []), { suite: suite.name, index: run.case.index, fields }]);
    const expect = policyTest.shape.cases.element.shape.expect.parse({ ...run.case.expect, ...fields }) ?? allowed;
    return { ...judged, mismatches: compare(expect, run.result.got), updated: Object.keys(fields) };
  });
  const files = Array.from(updates, ([file, ofFile]): [string, string] => {
    const before = texts.get(file) ?? '';
    const text = updateSuites(before, ofFile);
    if (text !== undefined) return [file, withLineEndsOf(before, text)];
    throw new InputError(`${file} cannot be updated: write its expectations without anchors and aliases`);
  });
  return { cases: after, files: new Map(files) };
}

/** The updated parts end lines with LF, but an editor on Windows writes CRLF. */
function withLineEndsOf(before: string, text: string): string {
  return /^[^\n]*\r\n/.test(before) ? text.replaceAll(/\r?\n/g, '\r\n') : text;
}

function fieldsOf({ run, mismatches }: JudgedCase): UpdatedFields {
  if (run.result.kind !== 'judged') return {};
  const { expect } = run.case;
  return expect === undefined ? firstExpectation(run.result.got) : updatedFields(expect, run.result.got, mismatches);
}

/** The expectation for a case without one: what a reader wants to know, and not a long patch. */
function firstExpectation({ decision, findings, message, warnings }: Got): UpdatedFields {
  return {
    decision,
    rules: ruleIdsOf(findings),
    ...(message === '' ? {} : { message }),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

/** New values for the fields of an expectation that are not met. */
function updatedFields(wanted: Expectation, got: Got, mismatches: readonly Mismatch[]): UpdatedFields {
  const values: { readonly [Field in keyof Expectation]?: () => unknown } = {
    decision: () => got.decision,
    rules: () => updatedRules(wanted.rules ?? [], got.findings),
    message: () => got.message,
    warnings: () => got.warnings,
    patch: () => got.patch,
    object: () => partOf(got.object, wanted.object),
    exactObject: () => got.object,
  };
  return Object.fromEntries(
    mismatches.flatMap(({ field }) => {
      const value = values[field];
      return value === undefined ? [] : [[field, value()]];
    }),
  );
}

/** Ids that are still right stay as they are written, and new ones are written in the same style. */
function updatedRules(wanted: readonly string[], findings: Got['findings']): readonly string[] {
  const full = ({ policy, rule }: Got['findings'][number]) => `${policy}/${rule}`;
  const kept = wanted.filter((id) => findings.some((finding) => finding.rule === id || full(finding) === id));
  const added = findings.filter((finding) => !kept.includes(finding.rule) && !kept.includes(full(finding)));
  const isFull = wanted.some((id) => id.includes('/'));
  return [...kept, ...new Set(added.map((finding) => (isFull ? full(finding) : finding.rule)))];
}
