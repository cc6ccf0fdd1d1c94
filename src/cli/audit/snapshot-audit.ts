import type { ClusterSnapshot } from '../../api/cluster-snapshot.ts';
import type { WorkloadPolicy } from '../../api/workload-policy.ts';
import { compilePolicy, type CompiledPolicy } from '../../admission/policy-set.ts';
import type { FindExemption } from '../../admission/exemption.ts';
import { gpuMaxPerPod } from '../../policies/gpu-max-per-pod.ts';
import { gpuMixed } from '../../policies/gpu-mixed.ts';
import { submitterAnnotation } from '../../quota/rules/pod-record.ts';
import type { Quota } from '../../quota/rules/quota.ts';
import { UsageSums } from '../../quota/rules/usage.ts';
import { unknownNamespace } from '../../workload/cluster-facts.ts';
import { gpuResourcePrefix } from '../../workload/demand.ts';
import type { LoadedSnapshot } from '../input/cluster-source.ts';
import { auditedObject, creatorNotes, type Audit } from './audit-objects.ts';
import { AuditTally } from './audit-tally.ts';
import { createStoredJudge } from './judge-stored.ts';
import { findOveruse } from './quota-use.ts';
import type { StoredObject } from './stored-object.ts';

/** The rules that need nothing but the demand of a pod, because a snapshot contains little else. */
const judgedByDemand: ReadonlySet<string> = new Set([gpuMaxPerPod.id, gpuMixed.id]);

export type SnapshotAuditOptions = {
  readonly loaded: LoadedSnapshot;
  readonly policies: readonly WorkloadPolicy[];
  /** They replace those of the snapshot, unless the list is empty. */
  readonly quotas: readonly Quota[];
  readonly findExemption: FindExemption;
};

/** Judges the GPU pods of a snapshot by the rules that it has the data for, and reports the other rules as not judged. */
export async function auditSnapshot(options: SnapshotAuditOptions): Promise<Audit> {
  const { loaded, policies, findExemption } = options;
  const { facts, pods, quotas: ofSnapshot } = loaded.usage;
  const quotas = options.quotas.length > 0 ? options.quotas : ofSnapshot;
  const sums = new UsageSums((name) => facts.namespaceLabels(name) ?? unknownNamespace(name));
  sums.setQuotas(quotas, pods);
  const tally = new AuditTally();
  const judge = createStoredJudge({
    policies: policies.map((policy) => onlyByDemand(compilePolicy(policy))),
    facts,
    findExemption,
  });
  if (policies.length > 0) {
    for (const pod of loaded.snapshot.pods) {
      const stored = podOf(pod);
      const verdict = await judge(stored);
      // The object was made here, so that its fields mean nothing to the user.
      const findings = verdict.findings.map((finding) => ({ ...finding, field: '' }));
      tally.add(auditedObject(stored), { ...verdict, findings });
    }
  }
  return {
    tally,
    overuse: findOveruse(sums.usage, quotas),
    quotas: quotas.length,
    notJudged: policies.flatMap((policy) => whatIsMissing(policy, compilePolicy(policy))),
    notes: creatorNotes(policies),
  };
}

/** Removes mutations too, because a snapshot does not contain what they change. */
function onlyByDemand(policy: CompiledPolicy): CompiledPolicy {
  return { ...policy, rules: policy.rules.filter(({ id }) => judgedByDemand.has(id)), mutations: [] };
}

function whatIsMissing({ metadata, spec }: WorkloadPolicy, { rules }: CompiledPolicy): readonly string[] {
  const missing = rules.map(({ id }) => id).filter((id) => !judgedByDemand.has(id));
  const others = Object.keys(spec.gpu?.maxPerPod ?? {}).filter((name) => !name.startsWith(gpuResourcePrefix));
  if (others.length > 0) missing.push(`${gpuMaxPerPod.id} of ${others.join(', ')}`);
  if (missing.length === 0) return [];
  return [
    `${metadata.name}: ${missing.join(', ')} (a snapshot contains no containers, owners or other labels; audit the cluster or --manifests)`,
  ];
}

function podOf({ uid, namespace, name, user, labels, demand }: ClusterSnapshot['pods'][number]): StoredObject {
  const limits = Object.fromEntries(Object.entries(demand).map(([resource, devices]) => [resource, String(devices)]));
  const annotations = user === '' ? {} : { [submitterAnnotation]: user };
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    object: {
      metadata: { uid, namespace, name, labels, annotations },
      spec: { containers: [{ name: 'all', resources: { limits } }] },
    },
  };
}
