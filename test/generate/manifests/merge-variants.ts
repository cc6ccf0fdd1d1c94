/** One form of a text, and the condition for it as an expression of a Helm template. */
export type Variant = { readonly condition: string; readonly text: string };

/** One template from several texts: lines that all of them share stand once, the others under their condition. */
export function mergeVariants(variants: readonly Variant[]): string {
  const all = variants.map(({ condition, text }) => ({ condition, lines: linesOf(text), at: 0 }));
  const [first = [], ...others] = all.map(({ lines }) => lines);
  const shared = others.reduce(commonLines, first);
  const merged: string[] = [];
  for (const line of [...shared, undefined]) {
    const between = all.map((variant) => {
      const end = line === undefined ? variant.lines.length : variant.lines.indexOf(line, variant.at);
      const lines = variant.lines.slice(variant.at, end);
      variant.at = end + 1;
      return { condition: variant.condition, text: lines.join('\n') };
    });
    merged.push(...conditional(between));
    if (line !== undefined) merged.push(line);
  }
  return `${merged.join('\n')}\n`;
}

const linesOf = (text: string) => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

/** Variants with the same text share a condition. */
function conditional(segments: readonly Variant[]): string[] {
  const conditions = new Map<string, string[]>();
  for (const { condition, text } of segments) {
    if (text !== '') conditions.set(text, [...(conditions.get(text) ?? []), condition]);
  }
  return [...conditions].flatMap(([text, [only = '', ...more]]) => {
    const condition = more.length === 0 ? only : `or ${[only, ...more].map((one) => `(${one})`).join(' ')}`;
    return [`{{- if ${condition} }}`, text, '{{- end }}'];
  });
}

/** A longest common subsequence. */
function commonLines(a: readonly string[], b: readonly string[]): string[] {
  const lengths = Array.from({ length: a.length + 1 }, () => Array.from({ length: b.length + 1 }, () => 0));
  const at = (i: number, j: number) => lengths[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const row = lengths[i] ?? [];
      row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const common: string[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const line = a[i];
    if (line !== undefined && line === b[j]) {
      common.push(line);
      i++;
      j++;
    } else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  return common;
}
