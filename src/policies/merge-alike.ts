import type { Violation } from './rule.ts';

/** A violation and its source, which the end of its line names: `policy platform` or `quota projects`. */
export type AttributedViolation = Violation & { readonly source: string };

/** Violations that read the same, as one. */
export type AlikeViolations = {
  readonly violation: Violation;
  /** All of their fields, such as `spec.containers[0,2].resources.limits`. */
  readonly fields: string;
  readonly sources: readonly string[];
};

/** A pod may have a thousand containers. The first few show which field is meant. */
const maxKeys = 8;
const maxFields = 4;

/**
 * Merges violations that read the same: those that several policies found in one field, and then those that one policy
 * found in several fields.
 */
export function mergeAlike(violations: readonly AttributedViolation[]): readonly AlikeViolations[] {
  const byPlace = Map.groupBy(violations, (violation) => `${violation.path}\n${textOf(violation)}`);
  const merged = [...byPlace.values()].flatMap(([violation, ...others]) => {
    if (violation === undefined) return [];
    return { violation, sources: [...new Set([violation, ...others].map(({ source }) => source))] };
  });
  const byText = Map.groupBy(merged, ({ violation, sources }) => `${sources.join(', ')}\n${textOf(violation)}`);
  return [...byText.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    return { ...first, fields: joinFields([first, ...others].map(({ violation }) => violation.path)) };
  });
}

function textOf({ rule, reason, detail = '', advice }: Violation): string {
  return [rule, reason, detail, advice].join('\n');
}

/** `metadata.labels[a]` -> `metadata.labels[`, `a`, `]`. The key may contain anything but a closing bracket. */
const firstKey = /^([^[]*\[)([^\]]*)(\].*)$/s;

/** Fields that differ only in their first key share one pair of brackets. */
function joinFields(paths: readonly string[]): string {
  const byShape = Map.groupBy(paths, (path) => path.replace(firstKey, '$1$3'));
  const fields = Array.from(byShape.values(), ([path = '', ...others]) =>
    path.replace(firstKey, (_, before: string, key: string, after: string) => {
      const keys = [key, ...others.map((other) => firstKey.exec(other)?.[2] ?? '')];
      return before + listed(keys, maxKeys, ',') + after;
    }),
  );
  return listed(fields, maxFields, ', ');
}

function listed(items: readonly string[], most: number, separator: string): string {
  const more = items.length - most;
  return items.slice(0, most).join(separator) + (more > 0 ? ` and ${more} more` : '');
}
