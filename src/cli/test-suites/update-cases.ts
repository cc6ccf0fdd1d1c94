import { policyTest, type Expectation } from '../../api/policy-test.ts';
import { InputError } from '../input-error.ts';
import { compare, type Mismatch } from './compare.ts';
import type { CaseRun } from './run-case.ts';
import type { Suite } from './suite.ts';
import { firstExpectation, updatedFields, type UpdatedFields } from './update-expectation.ts';
import { type CaseUpdate, updateSuites } from './update-suite.ts';

/** A case that ran, and what it expected in vain. */
export type JudgedCase = {
  readonly suite: Suite;
  readonly run: CaseRun;
  readonly mismatches: readonly Mismatch[];
  /** Fields of the expectation that were written anew. */
  readonly updated: readonly string[];
};

const allowed: Expectation = { decision: 'Allow' };

export function judgeCase(suite: Suite, run: CaseRun): JudgedCase {
  const { result, case: testCase } = run;
  const mismatches = result.kind === 'judged' ? compare(testCase.expect ?? allowed, result.got) : [];
  return { suite, run, mismatches, updated: [] };
}

/**
 * The cases as they are once what was got is written into their suites, and the files with their new texts. Throws
 * InputError for a file in which that cannot be done; no file should be written then.
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
    throw new InputError(`${file} cannot be updated: write its expectations out, without anchors and aliases`);
  });
  return { cases: after, files: new Map(files) };
}

/** An editor on Windows writes CRLF, and what is grafted in does not. */
function withLineEndsOf(before: string, text: string): string {
  return /^[^\n]*\r\n/.test(before) ? text.replaceAll(/\r?\n/g, '\r\n') : text;
}

function fieldsOf({ run, mismatches }: JudgedCase): UpdatedFields {
  if (run.result.kind !== 'judged') return {};
  const { expect } = run.case;
  return expect === undefined ? firstExpectation(run.result.got) : updatedFields(expect, run.result.got, mismatches);
}
