import { compilePolicy } from '../../admission/policy-set.ts';
import type { WorkloadPolicy } from '../../api/workload-policy.ts';
import { kindsOf } from '../manifests/webhook-configurations.ts';
import { auditedObject, creatorNotes, visitObjects, type AuditOptions } from './audit-objects.ts';
import { shortName, type AuditedObject, type ViolationCount } from './audit-tally.ts';
import { findOveruse, type Overuse } from './quota-overuse.ts';
import { createUsageOfPods } from './usage-of-pods.ts';
import { createStoredJudge, type AuditFinding, type StoredVerdict } from './judge-stored.ts';

/** What becomes of a stored object's verdict under other policies, the gravest first. */
export const changes = ['newly refused', 'newly warned', 'no longer refused', 'no longer warned'] as const;
export type Change = (typeof changes)[number];

export type ChangedObject = {
  readonly object: AuditedObject;
  readonly change: Change;
  /** Of the new policies what is new, of the present ones what goes. */
  readonly findings: readonly AuditFinding[];
};

/** Why objects change: by which policy and rule, in which namespace. */
export type ChangeCount = ViolationCount & { readonly change: Change };

export type WhatIf = {
  readonly judged: Map<AuditedObject['kind'], number>;
  readonly exempt: number;
  readonly ended: number;
  readonly unchanged: number;
  readonly totals: Readonly<Record<Change, number>>;
  readonly counts: readonly ChangeCount[];
  readonly changed: readonly ChangedObject[];
  /** Groups that only the other quotas are too small for, and those that only the present ones are. */
  readonly newlyExceeded: readonly Overuse[];
  readonly noLongerExceeded: readonly Overuse[];
  /** Changed objects of which only the counts are known. */
  readonly leftOut: number;
  readonly notJudged: readonly string[];
  readonly notes: readonly string[];
};

/** Some 1 KB each. */
const maxChanged = 50_000;
const maxExamples = 5;

const severity: Readonly<Record<StoredVerdict['verdict'], number>> = { allowed: 0, warned: 1, refused: 2 };

/** Undefined while the verdict stays, whatever it is and for whatever reasons. */
export function changeBetween(before: StoredVerdict['verdict'], after: StoredVerdict['verdict']): Change | undefined {
  if (before === after) return undefined;
  if (severity[after] > severity[before]) return after === 'refused' ? 'newly refused' : 'newly warned';
  return before === 'refused' ? 'no longer refused' : 'no longer warned';
}

/** Judges everything under what the source has in force, and under the policies and quotas of the options. Memory does not grow with the number of objects. */
export async function compareObjects(options: AuditOptions): Promise<WhatIf> {
  const { source, policies, quotas, findExemption } = options;
  const { facts } = source;
  const judgeBy = (some: readonly WorkloadPolicy[]) =>
    createStoredJudge({ policies: some.map(compilePolicy), facts, findExemption });
  const [judgeBefore, judgeAfter] = [judgeBy(source.policies), judgeBy(policies)];
  const totals: Record<Change, number> = {
    'newly refused': 0,
    'newly warned': 0,
    'no longer refused': 0,
    'no longer warned': 0,
  };
  const found = { exempt: 0, ended: 0, unchanged: 0, leftOut: 0 };
  const judged: WhatIf['judged'] = new Map();
  const counts = new Map<string, ChangeCount>();
  const changed: ChangedObject[] = [];
  const kinds = kindsOf([...source.policies, ...policies]);
  const [usedBefore, usedAfter] = [createUsageOfPods(source, source.quotas), createUsageOfPods(source, quotas)];
  await visitObjects({ ...options, kinds, counts: found }, async (stored) => {
    usedBefore.add(stored);
    usedAfter.add(stored);
    const [before, after] = [await judgeBefore(stored), await judgeAfter(stored)];
    if (after.exemption !== undefined) {
      found.exempt++;
      return;
    }
    judged.set(stored.kind, (judged.get(stored.kind) ?? 0) + 1);
    const change = changeBetween(before.verdict, after.verdict);
    if (change === undefined) {
      found.unchanged++;
      return;
    }
    totals[change]++;
    const object = auditedObject(stored);
    const findings = reasonsOf(change, before, after);
    for (const finding of findings) countIn(counts, change, object, finding);
    if (changed.length < maxChanged) changed.push({ object, change, findings });
    else found.leftOut++;
  });
  const overBefore = findOveruse(usedBefore.usage, source.quotas);
  const overAfter = findOveruse(usedAfter.usage, quotas);
  return {
    ...found,
    judged,
    totals,
    counts: [...counts.values()].sort(byChange),
    changed,
    newlyExceeded: without(overAfter, overBefore),
    noLongerExceeded: without(overBefore, overAfter),
    notJudged: source.problems,
    notes: [
      ...source.unknown.map((what) => `not looked at: ${what}`),
      ...creatorNotes([...source.policies, ...policies]),
    ],
  };
}

/** The findings that make the verdict: those that refuse, or else those that warn. */
function reasonsOf(change: Change, before: StoredVerdict, after: StoredVerdict): readonly AuditFinding[] {
  const { findings } = change.startsWith('newly') ? after : before;
  const enforcement = change.endsWith('refused') ? 'Deny' : 'Warn';
  return findings.filter((finding) => finding.enforcement === enforcement);
}

function countIn(
  counts: Map<string, ChangeCount>,
  change: Change,
  object: AuditedObject,
  { policy, rule, enforcement }: AuditFinding,
): void {
  const { namespace } = object;
  const key = `${change}\n${policy}\n${namespace}\n${rule}`;
  const known = counts.get(key) ?? { change, policy, namespace, rule, enforcement, count: 0, examples: [] };
  counts.set(key, known);
  known.count++;
  if (known.examples.length < maxExamples) known.examples.push(shortName(object));
}

function byChange(a: ChangeCount, b: ChangeCount): number {
  if (a.change !== b.change) return changes.indexOf(a.change) - changes.indexOf(b.change);
  for (const key of ['policy', 'namespace', 'rule'] as const) if (a[key] !== b[key]) return a[key] < b[key] ? -1 : 1;
  return 0;
}

/** Groups are the same by quota, name and resource, however much they exceed. */
function without(overuse: readonly Overuse[], known: readonly Overuse[]): readonly Overuse[] {
  const keyOf = ({ quota, group, resource }: Overuse) => `${quota}\n${group}\n${resource}`;
  const keys = new Set(known.map(keyOf));
  return overuse.filter((one) => !keys.has(keyOf(one)));
}
