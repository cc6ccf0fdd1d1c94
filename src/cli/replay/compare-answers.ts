import type { RecordedAnswer, RecordedFinding } from '../../record/record.ts';

/** How a decision changes under other policies, the gravest change first. A decision has one kind of change. */
export const changeKinds = ['denied', 'allowed', 'reasons', 'warnings', 'patch', 'audits'] as const;
export type ChangeKind = (typeof changeKinds)[number];

/** The rule and policy, or the mutation, that causes a change. */
export type ChangeSource = { readonly policy: string; readonly rule: string };

export type Change = {
  readonly kind: ChangeKind;
  /** Each source once. */
  readonly sources: readonly ChangeSource[];
  /** Lines that disappear begin with `-`, new lines with `+`. */
  readonly lines: readonly string[];
};

/** Undefined if the answer is the same. Neither answer may be undecided. */
export function compareAnswers(then: RecordedAnswer, now: RecordedAnswer): Change | undefined {
  const ofThen = reasonsOf(then);
  const ofNow = reasonsOf(now);
  if (then.decision !== now.decision) {
    const isDenied = now.decision === 'deny';
    const sources = sourcesOf((isDenied ? now : then).findings, 'Deny');
    return { kind: isDenied ? 'denied' : 'allowed', sources, lines: difference(ofThen, ofNow) };
  }
  if (!isSame(ofThen, ofNow)) return changeOf('reasons', 'Deny', then, now, difference(ofThen, ofNow));
  if (!isSame(then.warnings, now.warnings)) {
    return changeOf('warnings', 'Warn', then, now, difference(then.warnings, now.warnings));
  }
  const patchThen = then.patch.map(operationLine);
  const patchNow = now.patch.map(operationLine);
  // Policies with other names run in another order, and the result is the same object.
  if (!isSame(patchThen.toSorted(), patchNow.toSorted())) {
    const lines = difference(patchThen, patchNow);
    const mutations = distinct(without(then.mutations, now.mutations), without(now.mutations, then.mutations));
    // If the same mutations ran with other settings, the fields identify them.
    const rules = mutations.length > 0 ? mutations : distinct(lines.map(fieldOf));
    return { kind: 'patch', sources: rules.map((rule) => ({ policy: '', rule })), lines };
  }
  const audits = differing(sourcesOf(then.findings, 'Audit'), sourcesOf(now.findings, 'Audit'));
  return audits.length > 0 ? { kind: 'audits', sources: audits, lines: [] } : undefined;
}

function changeOf(
  kind: ChangeKind,
  enforcement: RecordedFinding['enforcement'],
  then: RecordedAnswer,
  now: RecordedAnswer,
  lines: readonly string[],
): Change {
  const ofThen = sourcesOf(then.findings, enforcement);
  const ofNow = sourcesOf(now.findings, enforcement);
  const sources = differing(ofThen, ofNow);
  if (sources.length > 0) return { kind, sources, lines };
  // The same rules found something else.
  const speaking = ofNow.filter(({ rule }) => lines.some((line) => isOfRule(line, rule)));
  return { kind, sources: speaking.length > 0 ? speaking : ofNow, lines };
}

/** Whether a line of {@link Change.lines} comes from the rule. */
export function isOfRule(line: string, rule: string): boolean {
  return line.slice(2).startsWith(`[${rule}]`);
}

/** The lines of a denial that give a reason: each begins with a rule in brackets. */
function reasonsOf({ decision, message = '' }: RecordedAnswer): readonly string[] {
  if (decision !== 'deny') return [];
  return message
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('['));
}

/** The field of a line without the index of a container, so that their number depends on policies and not on pods. */
function fieldOf(line: string): string {
  const [path = ''] = line.split(' ').slice(2);
  return path.replace(/^(\/spec\/\w+)\/\d+/, '$1/*').replace(/\/env\/.*$/, '/env');
}

function operationLine({ op, path, value }: RecordedAnswer['patch'][number]): string {
  return `${op} ${path} ${JSON.stringify(value) ?? ''}`;
}

/** The line of a quota contains what others used at that moment. Only what was requested of which quota can be compared. */
const usageInQuotaLine = /^(\[quota\] \S+: \S+ requested), .*? of \S+( in group .*)?, \S+ short\..*( \(quota [^)]*\))$/;

/** The finding says which policy a line is from, and a policy under another name gives the same answer. */
const policyOfLine = / \(policy [^)]*\)$/;

function comparable(line: string): string {
  return line.replace(usageInQuotaLine, '$1$2$3').replace(policyOfLine, '');
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, index) => comparable(line) === comparable(b[index] ?? ''));
}

function difference(then: readonly string[], now: readonly string[]): readonly string[] {
  return [...without(then, now).map((line) => `- ${line}`), ...without(now, then).map((line) => `+ ${line}`)];
}

function without(lines: readonly string[], others: readonly string[]): readonly string[] {
  const known = new Set(others.map(comparable));
  return lines.filter((line) => !known.has(comparable(line)));
}

function distinct(...lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())];
}

function sourcesOf(
  findings: readonly RecordedFinding[],
  enforcement: RecordedFinding['enforcement'],
): readonly ChangeSource[] {
  return findings.filter((each) => each.enforcement === enforcement).map(({ policy, rule }) => ({ policy, rule }));
}

function differing(then: readonly ChangeSource[], now: readonly ChangeSource[]): readonly ChangeSource[] {
  const key = ({ policy, rule }: ChangeSource): string => `${policy}\n${rule}`;
  const before = new Set(then.map(key));
  const after = new Set(now.map(key));
  return [...then.filter((each) => !after.has(key(each))), ...now.filter((each) => !before.has(key(each)))];
}
