import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { compilePolicy, type CompiledPolicy } from '../../admission/policy-set.ts';
import { clusterSnapshot } from '../../api/cluster-snapshot.ts';
import { explainFileError, InputError } from '../../text/errors.ts';
import { formatProblem } from '../../text/problem.ts';
import { isPlainObject } from '../../api/plain-object.ts';
import type { ReviewedKind } from '../../api/workload-policy.ts';
import { listPolicyFiles } from '../../files/policy-files.ts';
import { usageOfSnapshot } from '../../files/snapshot-usage.ts';
import type { Quota } from '../../quota/rules/quota.ts';
import { MalformedObject } from '../../workload/malformed-object.ts';
import { readPodTemplate } from '../../workload/pod-template.ts';
import { readMeta } from '../../workload/read-pod.ts';
import { formatTold, readObjects } from '../input/read-objects.ts';
import { createRequestsOf } from '../judge/requests-of.ts';
import { loadSnapshot } from '../input/cluster-source.ts';
import { loadRules } from '../input/load-rules.ts';
import { kindsOf } from '../manifests/webhook-configurations.ts';
import type { CaseObject, SuiteCluster } from './suite.ts';

/**
 * What a path of a suite stands for. `missing`: the rest of a sentence that begins with the path, reported at the place
 * where the suite names it. `problems`: problems inside the file, each with its own place.
 */
export type Input<T> = { readonly value: T } | { readonly missing: string } | { readonly problems: readonly string[] };

export type SuiteRules = {
  readonly policies: readonly CompiledPolicy[];
  /** By name, as JSON. */
  readonly policyTexts: ReadonlyMap<string, string>;
  /** The kinds that policies cover. */
  readonly kinds: ReadonlySet<ReviewedKind>;
  readonly quotas: readonly Quota[];
};

/** Everything that suites name; each file is read once. */
export type SuiteInputs = {
  /** Undefined if the file or directory exists; otherwise what is missing. */
  readonly missingRules: (path: string) => Promise<string | undefined>;
  readonly rules: (paths: readonly string[]) => Promise<Input<SuiteRules>>;
  readonly cluster: (path: string | undefined) => Promise<Input<SuiteCluster>>;
  readonly objects: (path: string) => Promise<Input<readonly CaseObject[]>>;
};

export function createSuiteInputs(): SuiteInputs {
  return {
    missingRules: remembered(async (path) => {
      const listing = await listPolicyFiles(path);
      return listing.kind === 'unlisted' ? listing.message : undefined;
    }),
    rules: remembered(readRules),
    cluster: remembered(readCluster),
    objects: remembered(readCaseObjects),
  };
}

function remembered<K, V>(read: (key: K) => Promise<V>): (key: K) => Promise<V> {
  const known = new Map<string, Promise<V>>();
  return (key) => {
    const id = JSON.stringify([key]);
    const value = known.get(id) ?? read(key);
    known.set(id, value);
    return value;
  };
}

async function readRules(paths: readonly string[]): Promise<Input<SuiteRules>> {
  try {
    const { policies, quotas } = await loadRules(paths);
    const policyTexts = new Map(policies.map((policy) => [policy.metadata.name, JSON.stringify(policy)]));
    const kinds = new Set(kindsOf(policies));
    return { value: { policies: policies.map(compilePolicy), policyTexts, kinds, quotas } };
  } catch (error) {
    return problemsOf(error);
  }
}

function problemsOf(error: unknown): Input<never> {
  if (error instanceof InputError) return { problems: [error.message] };
  throw error;
}

const emptyCluster = () =>
  usageOfSnapshot(clusterSnapshot.parse({ apiVersion: 'gpugate.dev/v1alpha1', kind: 'ClusterSnapshot' }));

async function readCluster(path: string | undefined): Promise<Input<SuiteCluster>> {
  if (path === undefined) return { value: emptyCluster() };
  try {
    await stat(path);
  } catch (error) {
    return { missing: explainFileError(error) };
  }
  try {
    return { value: (await loadSnapshot(path)).usage };
  } catch (error) {
    return problemsOf(error);
  }
}

async function readCaseObjects(path: string): Promise<Input<readonly CaseObject[]>> {
  try {
    const { objects, problems } = await readObjects([path], { stdin: Readable.from([]) });
    const found = objects.map(({ value, locate }) => {
      const wrong = malformation(value);
      return wrong && formatProblem({ ...locate(wrong.field), ...wrong });
    });
    const all = [...problems.map(formatTold), ...found.filter((problem) => problem !== undefined)];
    if (all.length > 0) return { problems: all };
    if (objects.length === 0) return { missing: 'contains no objects' };
    return { value: objects.map(({ value, place }) => ({ place, object: value })) };
  } catch (error) {
    if (error instanceof InputError) return { missing: error.message.replace(`${path}: `, '') };
    throw error;
  }
}

/** Used only to find out whether a cluster accepts an object at all. */
const requestsOf = createRequestsOf({ user: { username: '', groups: [] }, namespace: 'default', kinds: new Set() });

/** Why the API server would refuse an object before it calls any webhook; undefined if it would not. */
export function malformation(object: unknown): { readonly field: string; readonly message: string } | undefined {
  if (!isPlainObject(object)) return { field: '', message: 'must be an object with apiVersion and kind' };
  for (const field of ['apiVersion', 'kind']) {
    if (typeof object[field] !== 'string' || object[field] === '') return { field, message: 'is required' };
  }
  const { refused } = requestsOf(object);
  if (refused !== undefined) return { field: '', message: refused };
  try {
    readMeta(object);
    readPodTemplate(object);
    return undefined;
  } catch (error) {
    if (error instanceof MalformedObject) return { field: error.path, message: `must be ${error.due}` };
    throw error;
  }
}
