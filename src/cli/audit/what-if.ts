import { compilePolicy } from '../../admission/policy-set.ts';
import type { WorkloadPolicy } from '../../api/workload-policy.ts';
import { kindsOf } from '../manifests/webhook-configurations.ts';
import { auditedObject, creatorNotes, visitObjects, type AuditOptions } from './audit-objects.ts';
import { byPolicy, countObject, type AuditedObject, type ViolationCount } from './audit-tally.ts';
import { createStoredJudge, type AuditFinding, type StoredVerdict } from './judge-stored.ts';
import { createPodUsage, findOveruse, overuseKey, type Overuse } from './quota-use.ts';

/** How the verdict on a stored object changes under other policies, the gravest change first. */
export const changes = ['newly refused', 'newly warned', 'no longer refused', 'no longer warned'] as const;
export type Change = (typeof changes)[number];

export type ChangedObject = {
  readonly object: AuditedObject;
  readonly change: Change;
  /** The new findings of the new policies, or the present findings that disappear. */
  readonly findings: readonly AuditFinding[];
};

/** How many objects change, by policy, rule and namespace. */
export type ChangeCount = ViolationCount & { readonly change: Change };

export type WhatIf = {
  readonly judged: Map<AuditedObject['kind'], number>;
  readonly exempt: number;
  readonly ended: number;
  readonly unchanged: number;
  readonly totals: Readonly<Record<Change, number>>;
  readonly counts: readonly ChangeCount[];
  readonly changed: readonly ChangedObject[];
  /** Groups for which only the new quotas are too small, and those for which only the present ones are. */
  readonly newlyExceeded: readonly Overuse[];
  readonly noLongerExceeded: readonly Overuse[];
  /** How many changed objects are counted but not listed. */
  readonly leftOut: number;
  readonly notJudged: readonly string[];
  readonly notes: readonly string[];
};

/** About 1 KB each. */
const maxChanged = 50_000;

const severity: Readonly<Record<StoredVerdict['verdict'], number>> = { allowed: 0, warned: 1, refused: 2 };

/** Undefined if the verdict stays the same, even if its reasons change. */
export function changeBetween(before: StoredVerdict['verdict'], after: StoredVerdict['verdict']): Change | undefined {
  if (before === after) return undefined;
  if (severity[after] > severity[before]) return after === 'refused' ? 'newly refused' : 'newly warned';
  return before === 'refused' ? 'no longer refused' : 'no longer warned';
}

/**
 * Judges everything by the policies and quotas in force in the source, and by those of the options. Memory does not grow
 * with the number of objects.
 */
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
  const [usedBefore, usedAfter] = [createPodUsage(source, source.quotas), createPodUsage(source, quotas)];
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
    for (const { policy, rule, enforcement } of findings) {
      const { namespace } = object;
      const key = `${change}\n${policy}\n${namespace}\n${rule}`;
      countObject(counts, key, object, { change, policy, namespace, rule, enforcement });
    }
    if (changed.length < maxChanged) changed.push({ object, change, findings });
    else found.leftOut++;
  });
  const overBefore = findOveruse(usedBefore.usage, source.quotas);
  const overAfter = findOveruse(usedAfter.usage, quotas);
  return {
    ...found,
    judged,
    totals,
    counts: [...counts.values()].sort(
      (a, b) => changes.indexOf(a.change) - changes.indexOf(b.change) || byPolicy(a, b),
    ),
    changed,
    newlyExceeded: without(overAfter, overBefore),
    noLongerExceeded: without(overBefore, overAfter),
    notJudged: source.problems,
    notes: [...source.unknown.map((what) => `ignored: ${what}`), ...creatorNotes([...source.policies, ...policies])],
  };
}

/** The findings that decide the verdict: those that refuse, or else those that warn. */
function reasonsOf(change: Change, before: StoredVerdict, after: StoredVerdict): readonly AuditFinding[] {
  const { findings } = change.startsWith('newly') ? after : before;
  const enforcement = change.endsWith('refused') ? 'Deny' : 'Warn';
  return findings.filter((finding) => finding.enforcement === enforcement);
}

function without(overuse: readonly Overuse[], known: readonly Overuse[]): readonly Overuse[] {
  const keys = new Set(known.map(overuseKey));
  return overuse.filter((one) => !keys.has(overuseKey(one)));
}
