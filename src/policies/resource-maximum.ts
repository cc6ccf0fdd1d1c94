/**
 * Fields looked at: spec.containers[*] and spec.initContainers[*] .resources.limits, spec.resources.limits, spec.overhead
 * Values allowed:   for each resource in resources.maximum: a limit above 0 on every container, and a sum of at most the
 *                   maximum, as Kubernetes sums a pod; devices and hugepages need no limit, because without one a
 *                   container gets none
 */
import { podTotal } from '../workload/demand.ts';
import { containerPath, ownValue, resourceContainers, type Container, type Pod } from '../workload/pod.ts';
import { nanosPerUnit, parseQuantity } from '../workload/quantity.ts';
import { isOvercommittable } from '../workload/resource-names.ts';
import { askedBy } from './asked-by.ts';
import { shown } from '../text/printable.ts';
import { noViolations, PolicyError, type Rule, type Violation } from './rule.ts';

const id = 'resource-maximum';

type Maximum = {
  readonly resource: string;
  /** As the policy writes it. */
  readonly text: string;
  readonly nanos: bigint;
  /** Whether a container without a limit, or with 0, may use all that the node has. */
  readonly isUnboundedWhenAbsent: boolean;
};

/** `amount` in the unit of the maximum, as in 544Gi and 512Gi. At most three decimals, rounded up. */
function inUnitOf(maximum: Maximum, amount: bigint): string {
  const suffix = maximum.text.replace(/^\+?[0-9.]+/, '');
  const unit = parseQuantity(`1${suffix}`) ?? nanosPerUnit;
  const thousandths = (amount * 1000n + unit - 1n) / unit;
  const decimals = String(thousandths % 1000n)
    .padStart(3, '0')
    .replace(/0+$/, '');
  // An exponent may produce a thousand digits.
  return shown(`${thousandths / 1000n}${decimals === '' ? '' : `.${decimals}`}${suffix}`);
}

function aboveMaximum(pod: Pod, maximum: Maximum, total: bigint): Violation {
  const { path, text, parts } = askedBy(pod, maximum.resource);
  const { resource } = maximum;
  const single = text !== undefined && parseQuantity(text) === total ? text : undefined;
  const sum = single === undefined ? `limits add up to ${inUnitOf(maximum, total)}` : `limit is ${shown(single)}`;
  return {
    rule: id,
    path,
    reason: `${resource} ${sum}, at most ${maximum.text} per pod, ${inUnitOf(maximum, total - maximum.nanos)} over.`,
    ...(parts !== undefined && { detail: `Limits: ${parts}.` }),
    advice:
      single === undefined
        ? `Lower the limits to ${maximum.text} or less in all.`
        : `Lower it to ${maximum.text} or less.`,
    over: { limit: resource, excess: Number(total - maximum.nanos) },
  };
}

/** Undefined for a container with a limit. To container runtimes, a limit of 0 for cpu or memory means no limit. */
function withoutLimit(container: Container, maximum: Maximum): Violation | undefined {
  const text = ownValue(container.limits, maximum.resource);
  const nanos = text === undefined ? undefined : parseQuantity(text);
  if (nanos !== undefined && nanos > 0n) return undefined;
  return unbounded(`${containerPath(container)}.resources.limits`, text, nanos, maximum);
}

function unbounded(path: string, text: string | undefined, nanos: bigint | undefined, maximum: Maximum): Violation {
  const bounds = `at most ${maximum.text} per pod`;
  const [wrong, advice] =
    text === undefined
      ? ['limit is missing', 'Set a limit.']
      : nanos === undefined
        ? [`limit "${shown(text)}" is not a quantity`, `Write a quantity such as ${maximum.text}.`]
        : [`limit ${shown(text)} means no limit`, 'Set a limit above 0.'];
  return { rule: id, path, reason: `${maximum.resource} ${wrong}, ${bounds}.`, advice };
}

/** A limit of the whole pod limits all of its containers together. */
function allWithoutLimit(pod: Pod, maximum: Maximum): readonly Violation[] {
  const ofPod = ownValue(pod.podLimits, maximum.resource);
  const nanos = ofPod === undefined ? undefined : parseQuantity(ofPod);
  if (nanos === 0n) return [unbounded('spec.resources.limits', ofPod, nanos, maximum)];
  if (nanos !== undefined) return noViolations;
  let violations: Violation[] | undefined;
  for (const container of resourceContainers(pod)) {
    const violation = withoutLimit(container, maximum);
    if (violation !== undefined) (violations ??= []).push(violation);
  }
  return violations ?? noViolations;
}

function readMaximum([resource, text]: readonly [string, string]): Maximum {
  const nanos = parseQuantity(text);
  if (nanos === undefined) {
    throw new PolicyError(
      `spec.resources.maximum[${resource}]`,
      `must be a quantity such as 1 or 8Gi, got "${shown(text)}"`,
    );
  }
  return {
    resource,
    text,
    nanos,
    isUnboundedWhenAbsent: isOvercommittable(resource),
  };
}

export const resourceMaximum: Rule = {
  id,
  summary: "A pod's limits add up to at most the maximum, and every container has a limit.",
  settings: 'resources.maximum',
  fields:
    'spec.containers[*].resources.limits, spec.initContainers[*].resources.limits, spec.resources.limits, spec.overhead',
  compile(spec) {
    const maxima = Object.entries(spec.resources?.maximum ?? {}).map(readMaximum);
    if (maxima.length === 0) return undefined;
    return ({ pod }) => {
      if (pod === undefined) return noViolations;
      let violations: Violation[] | undefined;
      for (const maximum of maxima) {
        const { total } = podTotal(pod, maximum.resource, 'limits');
        if (total > maximum.nanos) (violations ??= []).push(aboveMaximum(pod, maximum, total));
        if (!maximum.isUnboundedWhenAbsent) continue;
        for (const violation of allWithoutLimit(pod, maximum)) (violations ??= []).push(violation);
      }
      return violations ?? noViolations;
    };
  },
};
