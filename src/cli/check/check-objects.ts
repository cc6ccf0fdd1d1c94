import { compilePolicy } from '../../admission/policy-set.ts';
import { compileExemptions, type ExemptionSettings } from '../../admission/exemption.ts';
import { isPlainObject } from '../../api/plain-object.ts';
import type { WorkloadPolicy } from '../../api/workload-policy.ts';
import type { PodRecord } from '../../quota/rules/pod-record.ts';
import type { Quota } from '../../quota/rules/quota.ts';
import { type ClusterFacts, unknownNamespace } from '../../workload/cluster-facts.ts';
import { MalformedObject } from '../../workload/malformed-object.ts';
import type { Labels } from '../../workload/pod.ts';
import type { User } from '../../workload/requester.ts';
import { kindsOf } from '../manifests/webhook-configurations.ts';
import { metaText } from '../judge/known-kinds.ts';
import { createOfflineJudge } from '../judge/offline-judge.ts';
import type { ManifestObject, Manifests } from '../judge/read-objects.ts';
import { createRequestsOf, type ObjectRequest } from '../judge/requests-of.ts';
import type { ReportedFinding, ReportedResult } from '../report/report.ts';
import { judgeCount } from './judge-count.ts';
import { resultOf, type ResultOptions } from './result-of.ts';

/** All that answers rest on. */
export type CheckFacts = {
  readonly policies: readonly WorkloadPolicy[];
  readonly quotas: readonly Quota[];
  readonly facts: ClusterFacts;
  /** Which use quotas already. */
  readonly pods: readonly PodRecord[];
  readonly exemptions: ExemptionSettings;
  readonly user: User;
  /** Of objects that name none. */
  readonly namespace: string;
};

export type Checked = {
  readonly results: readonly ReportedResult[];
  /** Whether something among the manifests is nothing that a cluster takes. */
  readonly isBadInput: boolean;
};

/** Every object in its order, as if each that is allowed had been applied before the next. */
export async function checkObjects(
  manifests: Manifests,
  about: CheckFacts,
  options: ResultOptions & { readonly onProgress?: (done: number, total: number) => void },
): Promise<Checked> {
  const facts = withNamespaces(about.facts, manifests.objects);
  const judge = createOfflineJudge({
    policies: about.policies.map(compilePolicy),
    facts,
    quota: { quotas: about.quotas, pods: about.pods },
    findExemption: compileExemptions(about.exemptions),
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
      results.push(resultOf(object, asked, await judgeCount(asked, judge, facts), options));
    } catch (error) {
      if (!(error instanceof MalformedObject)) throw error;
      const field = [asked.path, error.path].filter((part) => part !== '').join('.');
      const message = `must be ${error.due}; no cluster takes it`;
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

/** One result a file: whether the cluster reads it as its author meant it is no matter of one object. */
function remarksOf({ remarks }: Manifests): readonly ReportedResult[] {
  return Array.from(
    Map.groupBy(remarks, ({ place }) => place.file),
    ([file, told]) => ({
      name: 'how kubectl reads it',
      group: file,
      verdict: 'warn',
      findings: told.map(({ place, message }) => ({ rule: 'yaml', level: 'warning', message, place })),
    }),
  );
}

/** Namespaces among the manifests are applied too, and their labels decide which policies cover what is in them. */
export function withNamespaces(facts: ClusterFacts, objects: readonly Pick<ManifestObject, 'value'>[]): ClusterFacts {
  const applied = new Map<string, Labels>();
  for (const { value } of objects) {
    if (value['kind'] !== 'Namespace' || value['apiVersion'] !== 'v1') continue;
    const name = metaText(value, 'name');
    applied.set(name, { ...labelsOf(value['metadata']), ...unknownNamespace(name) });
  }
  if (applied.size === 0) return facts;
  return { ...facts, namespaceLabels: (name) => applied.get(name) ?? facts.namespaceLabels(name) };
}

function labelsOf(metadata: unknown): Labels {
  const labels = isPlainObject(metadata) ? metadata['labels'] : undefined;
  const entries = isPlainObject(labels) ? Object.entries(labels) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
