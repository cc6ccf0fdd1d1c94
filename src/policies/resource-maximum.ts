/**
 * Fields looked at: spec.containers[*] and spec.initContainers[*] .resources.limits, spec.resources.limits, spec.overhead
 * Values allowed:   for each resource of resources.maximum a limit above 0 on every container, which add up to at most that much
 *                   by Kubernetes' own pod arithmetic; devices and hugepages need no limit, since none means 0 of them
 */
import { podTotal } from '../workload/demand.ts';
import { containerPath, ownValue, resourceContainers, type Container, type Pod } from '../workload/pod.ts';
import { nanosPerUnit, parseQuantity } from '../workload/quantity.ts';
import { isOvercommittable } from '../workload/resource-names.ts';
import { askedBy } from './asked-by.ts';
import { PolicyError } from './policy-error.ts';
import { shown } from '../text/printable.ts';
import { noViolations, type Rule, type Violation } from './rule.ts';

const id = 'resource-maximum';

type Maximum = {
  readonly resource: string;
  /** As the policy writes it. */
  readonly text: string;
  readonly nanos: bigint;
  /** Whether a container without this limit, or with 0, may use as much as the node has. */
  readonly isUnboundedWhenAbsent: boolean;
};

/** `amount` in the unit in which the policy's author thinks: 544Gi next to 512Gi. At most three decimals, rounded up. */
function inUnitOf(maximum: Maximum, amount: bigint): string {
  const suffix = maximum.text.replace(/^\+?[0-9.]+/, '');
  const unit = parseQuantity(`1${suffix}`) ?? nanosPerUnit;
  const thousandths = (amount * 1000n + unit - 1n) / unit;
  const decimals = String(thousandths % 1000n)
    .padStart(3, '0')
    .replace(/0+$/, '');
  // An exponent may make a thousand digits, of which nobody reads more than the first.
  return shown(`${thousandths / 1000n}${decimals === '' ? '' : `.${decimals}`}${suffix}`);
}

function aboveMaximum(pod: Pod, maximum: Maximum, total: bigint): Violation {
  const { path, text, detail } = askedBy(pod, maximum.resource);
  const { resource } = maximum;
  const bounds = `maximum ${maximum.text} per pod, over by ${inUnitOf(maximum, total - maximum.nanos)}`;
  return {
    rule: id,
    path,
    reason:
      text !== undefined && parseQuantity(text) === total
        ? `${resource} limit ${shown(text)}, ${bounds}. Lower it to ${maximum.text} or less.`
        : `${resource} limits add up to ${inUnitOf(maximum, total)}, ${bounds}. Lower them to ${maximum.text} or less in all.`,
    ...(detail !== undefined && { detail }),
    over: { limit: resource, excess: Number(total - maximum.nanos) },
  };
}

/** Undefined for a container with a limit that bounds it: to the runtimes, 0 of cpu or memory means as much as there is. */
function withoutLimit(container: Container, maximum: Maximum): Violation | undefined {
  const text = ownValue(container.limits, maximum.resource);
  const nanos = text === undefined ? undefined : parseQuantity(text);
  if (nanos !== undefined && nanos > 0n) return undefined;
  return unbounded(`${containerPath(container)}.resources.limits`, text, nanos, maximum);
}

function unbounded(path: string, text: string | undefined, nanos: bigint | undefined, maximum: Maximum): Violation {
  const bounds = `maximum ${maximum.text} per pod`;
  const wrong =
    text === undefined
      ? `limit missing, ${bounds}. Set a limit.`
      : nanos === undefined
        ? `limit "${shown(text)}" is no quantity, ${bounds}. Write a quantity such as ${maximum.text}.`
        : `limit ${shown(text)} means no limit at all, ${bounds}. Set a limit above 0.`;
  return { rule: id, path, reason: `${maximum.resource} ${wrong}` };
}

/** What is said of the whole pod bounds all of its containers together. */
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
      `must be a quantity such as 1 or 8Gi, not "${shown(text)}"`,
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
  summary: "A pod's limits add up to at most the maximum, and no limit is missing.",
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
