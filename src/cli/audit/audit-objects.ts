import { compilePolicy } from '../../admission/policy-set.ts';
import type { FindExemption } from '../../admission/exemption.ts';
import type { ReviewedKind, WorkloadPolicy } from '../../api/workload-policy.ts';
import type { Quota } from '../../quota/rules/quota.ts';
import { MalformedObject } from '../../workload/malformed-object.ts';
import { readMeta } from '../../workload/read-pod.ts';
import { InputError } from '../input-error.ts';
import type { Place } from '../report/report.ts';
import { kindsOf } from '../manifests/webhook-configurations.ts';
import type { AuditSource } from './audit-source.ts';
import { AuditTally, type AuditedObject } from './audit-tally.ts';
import { createStoredJudge } from './judge-stored.ts';
import { findOveruse, type Overuse } from './quota-overuse.ts';
import { hasEnded, nameIn, type StoredObject } from './stored-object.ts';
import { createUsageOfPods } from './usage-of-pods.ts';
import { grouped } from '../report/grouped-number.ts';

/** All that an audit found. */
export type Audit = {
  readonly tally: AuditTally;
  readonly overuse: readonly Overuse[];
  /** How many quotas there are. */
  readonly quotas: number;
  /** What could not be judged, and why: then nobody can say that there are no violations. */
  readonly notJudged: readonly string[];
  /** What else a reader has to know. */
  readonly notes: readonly string[];
};

export type AuditOptions = {
  readonly source: AuditSource;
  readonly policies: readonly WorkloadPolicy[];
  readonly quotas: readonly Quota[];
  readonly findExemption: FindExemption;
  readonly onProgress: (line: string) => void;
};

/** Judges everything that the source holds and a policy speaks of. Memory does not grow with the number of objects. */
export async function auditObjects(options: AuditOptions): Promise<Audit> {
  const { source, policies, quotas, findExemption } = options;
  const tally = new AuditTally();
  const judge = createStoredJudge({ policies: policies.map(compilePolicy), facts: source.facts, findExemption });
  const used = createUsageOfPods(source, quotas);
  await visitObjects({ ...options, kinds: kindsOf(policies), counts: tally }, async (stored) => {
    used.add(stored);
    tally.add(auditedObject(stored), await judge(stored));
  });
  return {
    tally,
    overuse: findOveruse(used.usage, quotas),
    quotas: quotas.length,
    notJudged: source.problems,
    notes: [...source.unknown.map((what) => `not looked at: ${what}`), ...creatorNotes(policies)],
  };
}

export type VisitOptions = Pick<AuditOptions, 'source' | 'onProgress'> & {
  readonly kinds: readonly ReviewedKind[];
  readonly counts: { ended: number };
};

/** One after the other, without those that have ended. Rejects with InputError for one that is not what its kind says. */
export async function visitObjects(
  { source, kinds, counts, onProgress }: VisitOptions,
  visit: (stored: StoredObject) => Promise<void>,
): Promise<void> {
  let seen = 0;
  for await (const page of source.objects(kinds)) {
    for (const stored of page) {
      if (hasEnded(stored)) counts.ended++;
      else await visit(stored).catch((error: unknown) => throwFor(stored, error));
    }
    seen += page.length;
    onProgress(`auditing: ${grouped(seen)} objects`);
  }
}

export function auditedObject({ kind, apiVersion, object, place }: StoredObject): AuditedObject {
  const { namespace, name, uid } = readMeta(object);
  return { kind, apiVersion, namespace, name, uid, ...(place === undefined ? {} : { place }) };
}

function throwFor({ kind, object, place }: StoredObject, error: unknown): never {
  if (!(error instanceof MalformedObject)) throw error;
  const at = place === undefined ? '' : placeText(place());
  throw new InputError(`${at}${kind} ${nameIn(object)}: ${error.message}`);
}

const placeText = ({ file, line, column }: Place): string => `${file}:${line}:${column}: `;

/** What a stored object does not tell of its creator, said for the policies that would have to know. */
export function creatorNotes(policies: readonly WorkloadPolicy[]): readonly string[] {
  const names = policies
    .filter(({ spec: { match } }) => match.excludeUsers.length > 0 || match.excludeGroups.length > 0)
    .map(({ metadata }) => metadata.name);
  if (names.length === 0) return [];
  return [
    `${names.join(', ')}: who created an object is seldom stored, and their groups never; what excludeUsers and excludeGroups spare may be listed`,
  ];
}
