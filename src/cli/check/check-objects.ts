import { compileExemptions, type ExemptionSettings } from '../../admission/exemption.ts';
import { compilePolicy } from '../../admission/policy-set.ts';
import type { WorkloadPolicy } from '../../api/workload-policy.ts';
import type { Quota } from '../../quota/rules/quota.ts';
import { MalformedObject } from '../../workload/malformed-object.ts';
import type { User } from '../../workload/requester.ts';
import type { KnownCluster } from '../input/read-facts.ts';
import type { ManifestObject, Manifests } from '../input/read-objects.ts';
import { createCountingJudge } from '../judge/counting-judge.ts';
import { createRequestsOf, type ObjectRequest } from '../judge/requests-of.ts';
import { kindsOf } from '../manifests/webhook-configurations.ts';
import type { ReportedFinding, ReportedResult } from '../report/report.ts';
import { resultOf, type ResultOptions } from './result-of.ts';

/** Everything that answers depend on. */
export type CheckFacts = Pick<KnownCluster, 'facts' | 'pods'> & {
  readonly policies: readonly WorkloadPolicy[];
  readonly quotas: readonly Quota[];
  readonly exemptions: ExemptionSettings;
  readonly user: User;
  /** Of objects that name none. */
  readonly namespace: string;
};

export type Checked = {
  readonly results: readonly ReportedResult[];
  /** Whether the manifests contain something that no cluster accepts. */
  readonly isBadInput: boolean;
};

/** Judges the objects in order, as if each that is allowed had been applied before the next. */
export async function checkObjects(
  manifests: Manifests,
  about: CheckFacts,
  options: ResultOptions & { readonly onProgress?: (done: number, total: number) => void },
): Promise<Checked> {
  const judge = createCountingJudge({
    policies: about.policies.map(compilePolicy),
    facts: about.facts,
    quota: { quotas: about.quotas, pods: about.pods },
    findExemption: compileExemptions(about.exemptions),
    objects: manifests.objects.map(({ value }) => value),
  });
  const kinds = new Set(kindsOf(about.policies));
  const requestsOf = createRequestsOf({ user: about.user, namespace: about.namespace, kinds });
  const results: ReportedResult[] = [];
  let bad = 0;
  const refuse = (object: ManifestObject, name: string, finding: Omit<ReportedFinding, 'level'>) => {
    bad += 1;
    const place = finding.place ?? object.place;
    results.push(plainResult(object, { name, verdict: 'fail', finding: { ...finding, level: 'error', place } }));
  };
  const checkRequest = async (object: ManifestObject, asked: ObjectRequest): Promise<void> => {
    try {
      results.push(resultOf(object, asked, await judge(asked), options));
    } catch (error) {
      if (!(error instanceof MalformedObject)) throw error;
      const field = [asked.path, error.path].filter((part) => part !== '').join('.');
      const message = `must be ${error.due}; no cluster accepts it`;
      refuse(object, asked.name, { rule: 'malformed', message, field, place: object.locate(field) });
    }
  };
  for (const { place, message } of manifests.problems) {
    bad += 1;
    const finding: ReportedFinding = { rule: 'unreadable', level: 'error', message, place };
    results.push({ name: 'a document', group: place.file, place, verdict: 'fail', findings: [finding] });
  }
  for (const [index, object] of manifests.objects.entries()) {
    const { requests, name, note, refused } = requestsOf(object.value);
    if (refused !== undefined) refuse(object, name, { rule: 'refused', message: refused });
    if (note !== undefined) {
      const finding = { rule: 'not-judged', level: 'note', message: note, place: object.place } as const;
      results.push(plainResult(object, { name, verdict: 'pass', finding }));
    }
    for (const asked of requests) await checkRequest(object, asked);
    options.onProgress?.(index + 1, manifests.objects.length);
  }
  return { results: [...results, ...remarksOf(manifests)], isBadInput: bad > 0 };
}

type PlainResult = Pick<ReportedResult, 'name' | 'verdict'> & { readonly finding: ReportedFinding };

function plainResult({ place }: ManifestObject, { name, verdict, finding }: PlainResult): ReportedResult {
  return { name, group: place.file, place, verdict, findings: [finding] };
}

/** One result for each file: how the cluster reads it does not belong to a single object. */
function remarksOf({ remarks }: Manifests): readonly ReportedResult[] {
  return Array.from(
    Map.groupBy(remarks, ({ place }) => place.file),
    ([file, found]) => ({
      name: 'how kubectl reads it',
      group: file,
      verdict: 'warn',
      findings: found.map(({ place, message }) => ({ rule: 'yaml', level: 'warning', message, place })),
    }),
  );
}
