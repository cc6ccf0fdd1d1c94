import type { CompiledPolicy } from '../../admission/policy-set.ts';
import type { Expectation, testOperations } from '../../api/policy-test.ts';
import type { PlainObject } from '../../api/plain-object.ts';
import type { ReviewedKind } from '../../api/workload-policy.ts';
import type { ClusterUsage } from '../../files/snapshot-usage.ts';
import type { Quota } from '../../quota/rules/quota.ts';
import type { ClusterFacts } from '../../workload/cluster-facts.ts';
import type { User } from '../../workload/requester.ts';
import type { Place } from '../report/report.ts';

/** A suite with everything that it names, read and found good. */
export type Suite = {
  readonly name: string;
  readonly file: string;
  readonly place: Place;
  /** In order of their names, as the server runs them. */
  readonly policies: readonly CompiledPolicy[];
  /** By name, what each policy says: suites may test different policies of one name. */
  readonly policyTexts: ReadonlyMap<string, string>;
  /** Kinds that policies are about. */
  readonly kinds: ReadonlySet<ReviewedKind>;
  readonly cases: readonly SuiteCase[];
};

export type SuiteCase = {
  readonly name: string;
  /** In the suite's list, from 0. */
  readonly index: number;
  readonly place: Place;
  /** Where a field of the expectation stands, or else the case. */
  readonly placeOf: (field: string) => Place;
  /** Not empty; those before the last are created first. */
  readonly objects: readonly CaseObject[];
  /** What the last object updates. */
  readonly oldObject: CaseObject | undefined;
  readonly operation: (typeof testOperations)[number];
  readonly user: User;
  /** Of objects that name none. */
  readonly namespace: string;
  readonly cluster: SuiteCluster;
  /** Those of the suite, and those of the cluster that have other names. */
  readonly quotas: readonly Quota[];
  /** Undefined: the last object is allowed, and nothing else is compared. */
  readonly expect: Expectation | undefined;
};

export type SuiteCluster = ClusterUsage & { readonly facts: ClusterFacts };

export type CaseObject = { readonly place: Place; readonly object: PlainObject };
