import { compilePolicy } from '../../admission/policy-set.ts';
import type { FindExemption } from '../../admission/exemption.ts';
import type { ReviewedKind, WorkloadPolicy } from '../../api/workload-policy.ts';
import type { Quota } from '../../quota/rules/quota.ts';
import { MalformedObject } from '../../workload/malformed-object.ts';
import { readMeta } from '../../workload/read-pod.ts';
import { InputError } from '../../text/errors.ts';
import { formatPlace } from '../report/place.ts';
import { kindsOf } from '../manifests/webhook-configurations.ts';
import { AuditTally, type AuditedObject } from './audit-tally.ts';
import { createStoredJudge } from './judge-stored.ts';
import { createPodUsage, findOveruse, type Overuse } from './quota-use.ts';
import { hasEnded, nameIn, type AuditSource, type StoredObject } from './stored-object.ts';
import { grouped } from '../report/text-table.ts';

/** The findings of an audit. */
export type Audit = {
  readonly tally: AuditTally;
  readonly overuse: readonly Overuse[];
  /** How many quotas there are. */
  readonly quotas: number;
  /** What could not be judged, and why. If there is any, the audit cannot say that there are no violations. */
  readonly notJudged: readonly string[];
  /** Limits of the audit that a reader must know. */
  readonly notes: readonly string[];
};

export type AuditOptions = {
  readonly source: AuditSource;
  readonly policies: readonly WorkloadPolicy[];
  readonly quotas: readonly Quota[];
  readonly findExemption: FindExemption;
  readonly onProgress: (line: string) => void;
};

/** Judges every object of a kind that some policy covers. Memory does not grow with the number of objects. */
export async function auditObjects(options: AuditOptions): Promise<Audit> {
  const { source, policies, quotas, findExemption } = options;
  const tally = new AuditTally();
  const judge = createStoredJudge({ policies: policies.map(compilePolicy), facts: source.facts, findExemption });
  const used = createPodUsage(source, quotas);
  await visitObjects({ ...options, kinds: kindsOf(policies), counts: tally }, async (stored) => {
    used.add(stored);
    tally.add(auditedObject(stored), await judge(stored));
  });
  return {
    tally,
    overuse: findOveruse(used.usage, quotas),
    quotas: quotas.length,
    notJudged: source.problems,
    notes: [...source.unknown.map((what) => `ignored: ${what}`), ...creatorNotes(policies)],
  };
}

export type VisitOptions = Pick<AuditOptions, 'source' | 'onProgress'> & {
  readonly kinds: readonly ReviewedKind[];
  readonly counts: { ended: number };
};

/** Visits objects one after the other, without ended pods. Rejects with InputError for a malformed object. */
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
  const at = place === undefined ? '' : `${formatPlace(place())}: `;
  throw new InputError(`${at}${kind} ${nameIn(object)}: ${error.message}`);
}

/** A note about the policies that depend on the creator of an object, which is seldom stored. */
export function creatorNotes(policies: readonly WorkloadPolicy[]): readonly string[] {
  const names = policies
    .filter(({ spec: { match } }) => match.excludeUsers.length > 0 || match.excludeGroups.length > 0)
    .map(({ metadata }) => metadata.name);
  if (names.length === 0) return [];
  return [
    `${names.join(', ')}: the creator of an object is seldom stored, and its groups never are; objects that excludeUsers or excludeGroups exempt may be listed`,
  ];
}
