import type { Problem } from '../text/problem.ts';
import type { ReadObject } from '../text/read-yaml.ts';
import type { WorkloadPolicy } from '../api/workload-policy.ts';

/** What one file holds at present. */
export type PolicyReading = {
  readonly file: string;
  readonly objects: readonly ReadObject<WorkloadPolicy>[];
  readonly problems: readonly Problem[];
};

/** What is wrong with a policy that its schema accepts: `field` is a path such as `spec.names.pattern`. */
export type PolicyFinding = { readonly field: string; readonly message: string };

export type VerifyPolicy = (policy: WorkloadPolicy) => PolicyFinding | undefined;

export type PolicyInForce = { readonly policy: WorkloadPolicy; readonly file: string };

export type MergedPolicies = {
  readonly inForce: ReadonlyMap<string, PolicyInForce>;
  readonly problems: readonly Problem[];
  /** Names of the policies of which an older, good version is in force. */
  readonly kept: readonly string[];
};

type Claim = { readonly file: string; readonly object: ReadObject<WorkloadPolicy> };

function claimsByName(readings: readonly PolicyReading[]): ReadonlyMap<string, readonly Claim[]> {
  const claims = new Map<string, Claim[]>();
  for (const { file, objects } of readings) {
    for (const object of objects) {
      if (object.name === undefined) continue;
      claims.set(object.name, [...(claims.get(object.name) ?? []), { file, object }]);
    }
  }
  return claims;
}

function duplicateProblem(name: string, owner: Claim, other: Claim): Problem {
  const place = `${owner.file}:${owner.object.line}`;
  return other.object.problemAt(
    'metadata.name',
    `policy ${name} is already defined at ${place}, which stays in force; rename or remove one of them`,
  );
}

/** Whether the file may still hold policies that cannot be told by name. */
function isIncomplete({ objects }: PolicyReading): boolean {
  return objects.length === 0 || objects.some(({ name }) => name === undefined);
}

/**
 * One version of each policy: the newest good one. What is in force leaves it only when its object is gone from files
 * that could be read as a whole, so that a typing error never switches a policy off.
 */
export function mergePolicies(
  previous: ReadonlyMap<string, PolicyInForce>,
  readings: readonly PolicyReading[],
  verify: VerifyPolicy,
): MergedPolicies {
  const inForce = new Map<string, PolicyInForce>();
  const problems = readings.flatMap((reading) => reading.problems);
  const kept: string[] = [];

  for (const [name, claims] of claimsByName(readings)) {
    const before = previous.get(name);
    const owner = claims.find(({ file }) => file === before?.file) ?? claims[0];
    if (owner === undefined) continue;
    problems.push(...claims.filter((claim) => claim !== owner).map((claim) => duplicateProblem(name, owner, claim)));

    const { value } = owner.object;
    const isNew = value !== undefined && value !== before?.policy;
    const finding = isNew ? verify(value) : undefined;
    if (finding !== undefined) problems.push(owner.object.problemAt(finding.field, finding.message));
    if (value !== undefined && finding === undefined) inForce.set(name, { policy: value, file: owner.file });
    else if (before !== undefined) {
      inForce.set(name, before);
      kept.push(name);
    }
  }

  const incomplete = new Set(readings.filter(isIncomplete).map(({ file }) => file));
  for (const [name, before] of previous) {
    if (inForce.has(name) || !incomplete.has(before.file)) continue;
    inForce.set(name, before);
    kept.push(name);
  }
  return { inForce, problems, kept: kept.sort() };
}
