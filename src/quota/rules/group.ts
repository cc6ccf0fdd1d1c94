import { RE2JS } from 're2js';
import type { TenantQuotaSpec } from '../../api/tenant-quota.ts';
import { compileGlobs, compileSelector } from '../../workload/match.ts';
import { ownValue, type Labels } from '../../workload/pod.ts';

/** What decides which group of a quota a pod belongs to. */
export type Grouped = { readonly namespace: string; readonly namespaceLabels: Labels; readonly labels: Labels };

/** Name of the group, '' for the only one; undefined when the quota does not charge the pod. */
export type GroupOf = (pod: Grouped) => string | undefined;

/** Throws QuotaError for a pattern that does not compile. */
export function compileGroupOf({ scope }: TenantQuotaSpec): GroupOf {
  const inNamespaces = scope.namespaces === undefined ? () => true : compileGlobs(scope.namespaces);
  const selects = scope.namespaceSelector === undefined ? () => true : compileSelector(scope.namespaceSelector);
  const nameOf = compileNameOf(scope.groupBy);
  return (pod) => (inNamespaces(pod.namespace) && selects(pod.namespaceLabels) ? nameOf(pod) : undefined);
}

function compileNameOf(groupBy: TenantQuotaSpec['scope']['groupBy']): GroupOf {
  const { namespaceLabel, namespacePattern, podLabel } = groupBy ?? {};
  if (namespaceLabel !== undefined) return ({ namespaceLabels }) => nonEmpty(ownValue(namespaceLabels, namespaceLabel));
  if (podLabel !== undefined) return ({ labels }) => nonEmpty(ownValue(labels, podLabel));
  if (namespacePattern === undefined) return () => '';
  const captureOf = compilePattern(namespacePattern);
  return ({ namespace }) => nonEmpty(captureOf(namespace));
}

/** A label without a value names no group. */
function nonEmpty(name: string | undefined): string | undefined {
  return name === '' ? undefined : name;
}

/** A problem of a quota that its schema accepts. */
export class QuotaError extends Error {
  override readonly name = 'QuotaError';
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

/** More than a large cluster has; 100 bytes each. */
const maxKnownNamespaces = 10_000;

function compilePattern(text: string): (namespace: string) => string | undefined {
  const field = 'spec.scope.groupBy.namespacePattern';
  let pattern: RE2JS;
  try {
    pattern = RE2JS.compile(text);
  } catch (error) {
    throw new QuotaError(field, error instanceof Error ? error.message : String(error));
  }
  if (pattern.groupCount() === 0) {
    throw new QuotaError(field, 'captures nothing; put the part that names the group in parentheses');
  }
  // Every decision asks for each pod and reservation, and there are few namespaces.
  const known = new Map<string, string | undefined>();
  return (namespace) => {
    if (known.has(namespace)) return known.get(namespace);
    if (known.size >= maxKnownNamespaces) known.clear();
    const matcher = pattern.matcher(namespace);
    const name = matcher.matches() ? (matcher.group(1) ?? undefined) : undefined;
    known.set(namespace, name);
    return name;
  };
}
