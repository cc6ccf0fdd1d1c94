import type { Enforcement } from '../../policies/rule.ts';
import type { ReviewedKind } from '../../api/workload-policy.ts';
import type { Place } from '../report/place.ts';
import type { AuditFinding, StoredVerdict } from './judge-stored.ts';

/** A judged object as results name it. */
export type AuditedObject = {
  readonly kind: ReviewedKind;
  readonly apiVersion: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Found on demand, because most objects are right. */
  readonly place?: () => Place;
};

/** An object and its findings. */
export type AuditResult = { readonly object: AuditedObject } & Pick<StoredVerdict, 'findings' | 'unmutated'>;

/** How many objects of one namespace violate a rule of a policy. */
export type ViolationCount = {
  readonly policy: string;
  readonly namespace: string;
  readonly rule: string;
  readonly enforcement: Enforcement;
  count: number;
  /** The first objects, such as `pod/train`. */
  readonly examples: string[];
};

/** Everything in a namespace is counted; up to {@link maxResultsPerNamespace} results are kept. */
export type NamespaceTally = {
  readonly namespace: string;
  readonly counts: { refused: number; warned: number; unmutated: number; clean: number };
  readonly results: readonly AuditResult[];
};

const maxExamples = 5;

/** A PolicyReport with so many results has 0.3 MB; etcd accepts 1.5 MB for one object. */
export const maxResultsPerNamespace = 500;
/** About 1 KB each. Further results are only counted, in every namespace. */
const maxResults = 50_000;

/** Refused objects have a list of their own, so that others, which may come first, cannot take their places. */
type Kept = NamespaceTally & { readonly refused: AuditResult[]; readonly others: AuditResult[] };

/** Counts everything, and keeps a bounded number of results, so that memory does not grow with the cluster. */
export class AuditTally {
  readonly #counts = new Map<string, ViolationCount>();
  readonly #unmutated = new Map<string, ViolationCount>();
  readonly #namespaces = new Map<string, Kept>();
  readonly judged = new Map<ReviewedKind, number>();
  exempt = 0;
  ended = 0;
  /** Objects by their strictest finding: refused, warned about, or only recorded. */
  readonly objects = { refused: 0, warned: 0, recorded: 0 };
  /** How many objects with findings are counted but not listed. */
  leftOut = 0;
  #kept = 0;

  add(object: AuditedObject, { exemption, verdict, findings, unmutated }: StoredVerdict): void {
    if (exemption !== undefined) {
      this.exempt++;
      return;
    }
    this.judged.set(object.kind, (this.judged.get(object.kind) ?? 0) + 1);
    const kept = this.#namespaceOf(object.namespace);
    for (const { enforcement } of findings) kept.counts[enforcement === 'Deny' ? 'refused' : 'warned']++;
    kept.counts.unmutated += unmutated.length;
    for (const finding of findings) countFinding(this.#counts, object, finding);
    for (const finding of unmutated) countFinding(this.#unmutated, object, finding);
    if (findings.length > 0) {
      this.objects[verdict === 'refused' ? 'refused' : verdict === 'warned' ? 'warned' : 'recorded']++;
    }
    if (findings.length === 0 && unmutated.length === 0) kept.counts.clean++;
    else this.#keep(verdict === 'refused' ? kept.refused : kept.others, { object, findings, unmutated });
  }

  #keep(list: AuditResult[], result: AuditResult): void {
    if (this.#kept >= maxResults || list.length >= maxResultsPerNamespace) {
      this.leftOut++;
      return;
    }
    list.push(result);
    this.#kept++;
  }

  #namespaceOf(namespace: string): Kept {
    const known = this.#namespaces.get(namespace);
    if (known !== undefined) return known;
    const refused: AuditResult[] = [];
    const others: AuditResult[] = [];
    const made: Kept = {
      namespace,
      counts: { refused: 0, warned: 0, unmutated: 0, clean: 0 },
      refused,
      others,
      get results() {
        return [...refused, ...others];
      },
    };
    this.#namespaces.set(namespace, made);
    return made;
  }

  /** Sorted by policy, namespace and rule. */
  get violations(): readonly ViolationCount[] {
    return [...this.#counts.values()].sort(byPolicy);
  }

  get unmutated(): readonly ViolationCount[] {
    return [...this.#unmutated.values()].sort(byPolicy);
  }

  get namespaces(): readonly NamespaceTally[] {
    return [...this.#namespaces.values()].sort((a, b) => (a.namespace < b.namespace ? -1 : 1));
  }
}

function countFinding(counts: Map<string, ViolationCount>, object: AuditedObject, finding: AuditFinding): void {
  const { policy, rule, enforcement } = finding;
  const { namespace } = object;
  countObject(counts, `${policy}\n${namespace}\n${rule}`, object, { policy, namespace, rule, enforcement });
}

type Counted = { count: number; readonly examples: string[] };

/** Adds an object to a count, and to its examples if there are few. */
export function countObject<Key extends object>(
  counts: Map<string, Key & Counted>,
  key: string,
  { kind, name }: AuditedObject,
  about: Key,
): void {
  const known = counts.get(key) ?? { ...about, count: 0, examples: [] };
  counts.set(key, known);
  known.count++;
  if (known.examples.length < maxExamples) known.examples.push(`${kind.toLowerCase()}/${name}`);
}

export function byPolicy(a: ViolationCount, b: ViolationCount): number {
  for (const key of ['policy', 'namespace', 'rule'] as const) if (a[key] !== b[key]) return a[key] < b[key] ? -1 : 1;
  return 0;
}
