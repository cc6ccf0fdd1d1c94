import type { Outcome } from '../../admission/decision.ts';
import { quotaRule } from '../../admission/quota-answer.ts';
import type { ReportedResult } from '../report/report.ts';
import { textTable } from '../report/text-table.ts';
import type { CaseRun } from './run-case.ts';
import type { Suite } from './suite.ts';

/** The cases in which a rule of a policy found something, and those in which it ran and found nothing. */
type RuleCoverage = { readonly violated: Set<string>; readonly passed: Set<string> };

type PolicyCoverage = { readonly name: string; readonly rules: ReadonlyMap<string, RuleCoverage>; isAsked: boolean };

/** The cases in which a quota charged a pod, and those in which a pod did not fit. */
type QuotaCoverage = { readonly name: string; readonly charged: Set<string>; readonly short: Set<string> };

/** The rules and quotas that the cases of all suites touched. */
export class Coverage {
  /** By name and content. */
  readonly #policies = new Map<string, PolicyCoverage>();
  readonly #quotas = new Map<string, QuotaCoverage>();

  add(suite: Suite, { case: testCase, outcomes }: Pick<CaseRun, 'case' | 'outcomes'>): void {
    const id = `${suite.name}\n${testCase.name}`;
    for (const { name } of testCase.quotas) this.#quota(name);
    const policies = suite.policies.map((policy) => {
      const key = `${policy.name}\n${suite.policyTexts.get(policy.name) ?? ''}`;
      const fresh = (): PolicyCoverage => ({
        name: policy.name,
        rules: new Map(policy.rules.map((rule) => [rule.id, { violated: new Set(), passed: new Set() }])),
        isAsked: false,
      });
      const coverage = this.#policies.get(key) ?? fresh();
      this.#policies.set(key, coverage);
      return coverage;
    });
    for (const outcome of outcomes) {
      for (const policy of policies) if (outcome.policies.includes(policy.name)) markPolicy(policy, outcome, id);
      this.#markQuotas(outcome, id);
    }
  }

  /** A separate result, which fails if fewer than `minPercent` of the rules and quotas were touched. */
  result(minPercent: number): ReportedResult {
    const rules = [...this.#policies.values()].flatMap(rowsOf);
    const quotas = Array.from(this.#quotas.values(), quotaRow);
    const items = [...rules, ...quotas];
    const touched = items.filter(({ isTouched }) => isTouched).length;
    const percent = items.length === 0 ? 100 : Math.floor((100 * touched) / items.length);
    const isEnough = percent >= minPercent;
    const message = `${percent}% is less than --coverage-min ${minPercent}; write cases for the rules and quotas that are marked as missing`;
    return {
      name: `${touched} of ${items.length} rules and quotas (${percent}%)`,
      group: 'coverage',
      verdict: isEnough ? 'pass' : 'fail',
      findings: isEnough ? [] : [{ rule: 'coverage', level: 'error', message }],
      text: [
        ...tableOf(['POLICY', 'RULE', 'VIOLATED', 'PASSED', 'MISSING'], rules),
        ...tableOf(['QUOTA', 'CHARGED', 'SHORT', 'MISSING'], quotas),
      ],
      data: { percent, rules: rules.map(({ data }) => data), quotas: quotas.map(({ data }) => data) },
    };
  }

  #quota(name: string): QuotaCoverage {
    const coverage = this.#quotas.get(name) ?? { name, charged: new Set(), short: new Set() };
    this.#quotas.set(name, coverage);
    return coverage;
  }

  #markQuotas({ charges, findings }: Outcome, id: string): void {
    // `projects/a nvidia.com/gpu=2 pods=1`: the name of a quota contains neither a slash nor a space.
    for (const charge of charges) this.#quota(charge.split(/[/ ]/, 1)[0] ?? '').charged.add(id);
    for (const { rule, policy } of findings) if (rule === quotaRule) this.#quota(policy).short.add(id);
  }
}

function markPolicy(policy: PolicyCoverage, { findings }: Outcome, id: string): void {
  policy.isAsked = true;
  for (const [rule, { violated, passed }] of policy.rules) {
    const isViolated = findings.some((finding) => finding.rule === rule && finding.policy === policy.name);
    (isViolated ? violated : passed).add(id);
  }
}

type Row = { readonly cells: readonly string[]; readonly isTouched: boolean; readonly data: object };

function rowsOf({ name, rules, isAsked }: PolicyCoverage): readonly Row[] {
  if (rules.size === 0) {
    // For a policy that only mutates, it is known whether it ran, but not what it changed.
    const cells = [name, '-', '', '', isAsked ? '' : 'no case is in its scope'];
    return [{ cells, isTouched: isAsked, data: { policy: name, isAsked } }];
  }
  return Array.from(rules, ([rule, { violated, passed }]) => {
    const missing = !isAsked
      ? 'no case is in its scope'
      : violated.size === 0
        ? 'never violated'
        : passed.size === 0
          ? 'never passed'
          : '';
    return {
      cells: [name, rule, String(violated.size), String(passed.size), missing],
      isTouched: violated.size > 0,
      data: { policy: name, rule, violated: violated.size, passed: passed.size },
    };
  });
}

function quotaRow({ name, charged, short }: QuotaCoverage): Row {
  const isTouched = charged.size + short.size > 0;
  const missing = !isTouched
    ? 'charges no case'
    : short.size === 0
      ? 'never exceeded'
      : charged.size === 0
        ? 'never charged'
        : '';
  return {
    cells: [name, String(charged.size), String(short.size), missing],
    isTouched,
    data: { quota: name, charged: charged.size, short: short.size },
  };
}

function tableOf(head: readonly string[], rows: readonly Row[]): readonly string[] {
  if (rows.length === 0) return [];
  return textTable(
    head,
    rows.map(({ cells }) => cells),
  )
    .trimEnd()
    .split('\n');
}
