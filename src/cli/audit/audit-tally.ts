import type { Enforcement } from '../../policies/rule.ts';
import type { ReviewedKind } from '../../api/workload-policy.ts';
import type { Place } from '../report/report.ts';
import type { AuditFinding, StoredVerdict } from './judge-stored.ts';

/** One judged object, as results name it. */
export type AuditedObject = {
  readonly kind: ReviewedKind;
  readonly apiVersion: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Worked out when it is asked for: most objects are right. */
  readonly place?: () => Place;
};

/** An object with what was found in it. */
export type AuditResult = { readonly object: AuditedObject } & Pick<StoredVerdict, 'findings' | 'unmutated'>;

/** How many objects of one namespace violate a rule of a policy. */
export type ViolationCount = {
  readonly policy: string;
  readonly namespace: string;
  readonly rule: string;
  readonly enforcement: Enforcement;
  count: number;
  /** Such as `pod/train`: the first ones. */
  readonly examples: string[];
};

/** What is known of one namespace: counts of everything, results up to {@link maxResultsPerNamespace}. */
export type NamespaceTally = {
  readonly namespace: string;
  readonly counts: { refused: number; warned: number; unmutated: number; clean: number };
  readonly results: readonly AuditResult[];
};

const maxExamples = 5;

/** A PolicyReport of so many results takes 0.3 MB, of the 1.5 MB that etcd takes of one object. */
export const maxResultsPerNamespace = 500;
/** Some 1 KB each. Past it only counts grow, in whatever namespace. */
const maxResults = 50_000;

/** Findings of Deny are kept in preference to others, which may come first and fill a namespace. */
type Kept = NamespaceTally & { readonly refused: AuditResult[]; readonly others: AuditResult[] };

/** Counts everything, and keeps so many results that memory stays bounded whatever the cluster holds. */
export class AuditTally {
  readonly #counts = new Map<string, ViolationCount>();
  readonly #unmutated = new Map<string, ViolationCount>();
  readonly #namespaces = new Map<string, Kept>();
  readonly judged = new Map<ReviewedKind, number>();
  exempt = 0;
  ended = 0;
  /** Objects with a violation that is refused, and those with one that is warned of or only recorded. */
  readonly objects = { refused: 0, warned: 0, recorded: 0 };
  /** Objects with findings of which only the counts are known. */
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
    for (const finding of findings) countIn(this.#counts, object, finding);
    for (const finding of unmutated) countIn(this.#unmutated, object, finding);
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

  /** By policy, namespace and rule, in this order. */
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

/** `pod/train`, as kubectl writes it. */
export function shortName({ kind, name }: AuditedObject): string {
  return `${kind.toLowerCase()}/${name}`;
}

function countIn(counts: Map<string, ViolationCount>, object: AuditedObject, finding: AuditFinding): void {
  const { policy, rule, enforcement } = finding;
  const { namespace } = object;
  const key = `${policy}\n${namespace}\n${rule}`;
  const known = counts.get(key) ?? { policy, namespace, rule, enforcement, count: 0, examples: [] };
  counts.set(key, known);
  known.count++;
  if (known.examples.length < maxExamples) known.examples.push(shortName(object));
}

function byPolicy(a: ViolationCount, b: ViolationCount): number {
  for (const key of ['policy', 'namespace', 'rule'] as const) if (a[key] !== b[key]) return a[key] < b[key] ? -1 : 1;
  return 0;
}
