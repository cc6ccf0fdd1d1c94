import type { CompiledPolicy } from '../../admission/policy-set.ts';
import type { Expectation, testOperations } from '../../api/policy-test.ts';
import type { PlainObject } from '../../api/plain-object.ts';
import type { ReviewedKind } from '../../api/workload-policy.ts';
import type { ClusterUsage } from '../../files/snapshot-usage.ts';
import type { Quota } from '../../quota/rules/quota.ts';
import type { ClusterFacts } from '../../workload/cluster-facts.ts';
import type { User } from '../../workload/requester.ts';
import type { Place } from '../report/place.ts';

/** A suite and everything that it names, read and without problems. */
export type Suite = {
  readonly name: string;
  readonly file: string;
  readonly place: Place;
  /** Sorted by name, which is the order in which the server runs them. */
  readonly policies: readonly CompiledPolicy[];
  /** Each policy as JSON, by name: suites may test different policies with one name. */
  readonly policyTexts: ReadonlyMap<string, string>;
  /** The kinds that policies cover. */
  readonly kinds: ReadonlySet<ReviewedKind>;
  readonly cases: readonly SuiteCase[];
};

export type SuiteCase = {
  readonly name: string;
  /** In the list of the suite, from 0. */
  readonly index: number;
  readonly place: Place;
  /** The place of a field of the expectation, or of the case. */
  readonly placeOf: (field: string) => Place;
  /** Not empty; the objects before the last are created first. */
  readonly objects: readonly CaseObject[];
  /** The object that the last one updates. */
  readonly oldObject: CaseObject | undefined;
  readonly operation: (typeof testOperations)[number];
  readonly user: User;
  /** Of objects that name none. */
  readonly namespace: string;
  readonly cluster: SuiteCluster;
  /** The quotas of the suite, and those of the cluster with other names. */
  readonly quotas: readonly Quota[];
  /** Undefined: the last object must be allowed, and nothing else is compared. */
  readonly expect: Expectation | undefined;
};

export type SuiteCluster = ClusterUsage & { readonly facts: ClusterFacts };

export type CaseObject = { readonly place: Place; readonly object: PlainObject };
