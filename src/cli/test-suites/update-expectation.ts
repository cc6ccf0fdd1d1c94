import type { Expectation } from '../../api/policy-test.ts';
import { ruleIdsOf, type Mismatch } from './compare.ts';
import { partOf } from './part-of.ts';
import type { Got } from './run-case.ts';

/** Fields of an expectation with what was got; those that cannot be known, such as a pattern, are absent. */
export type UpdatedFields = { readonly [Field in keyof Expectation]?: unknown };

/** What to write into a case that expects nothing at all: what a reader wants to know, and not a long patch. */
export function firstExpectation({ decision, findings, message, warnings }: Got): UpdatedFields {
  return {
    decision,
    rules: ruleIdsOf(findings),
    ...(message === '' ? {} : { message }),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

/** What to write in the place of what was expected and is not so. */
export function updatedFields(wanted: Expectation, got: Got, mismatches: readonly Mismatch[]): UpdatedFields {
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

/** Those that are still right stay as they are written; new ones are written as those are. */
function updatedRules(wanted: readonly string[], findings: Got['findings']): readonly string[] {
  const full = ({ policy, rule }: Got['findings'][number]) => `${policy}/${rule}`;
  const kept = wanted.filter((id) => findings.some((finding) => finding.rule === id || full(finding) === id));
  const added = findings.filter((finding) => !kept.includes(finding.rule) && !kept.includes(full(finding)));
  const isFull = wanted.some((id) => id.includes('/'));
  return [...kept, ...new Set(added.map((finding) => (isFull ? full(finding) : finding.rule)))];
}
