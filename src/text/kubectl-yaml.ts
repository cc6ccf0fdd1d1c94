import { type Document, isMap, isScalar, type Pair, type ScalarTag, visit } from 'yaml';

/**
 * How kubectl reads a plain scalar: as YAML 1.1 by go.yaml.in/yaml/v2 (`resolve.go`), and then as JSON. `Off` and `y` are
 * booleans, 010 is 8 and 1_000 is 1000. Times and base-60 numbers stay text.
 */

const truths: ReadonlySet<string> = new Set('y Y yes Yes YES true True TRUE on On ON'.split(' '));
const untruths: ReadonlySet<string> = new Set('n N no No NO false False FALSE off Off OFF'.split(' '));

const integer = /^[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/;
const float = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

/** The value of a plain scalar. Undefined for text. */
export function kubectlValue(source: string): boolean | number | null | undefined {
  if (truths.has(source)) return true;
  if (untruths.has(source)) return false;
  if (source === '' || source === '~' || source === 'null' || source === 'Null' || source === 'NULL') return null;
  const first = source.charCodeAt(0);
  const isDigit = first >= 48 && first <= 57;
  // Underscores are dropped in numbers that begin with a digit or a sign, but not with a point.
  if (isDigit || first === 43 || first === 45)
    return numberOf(source.includes('_') ? source.replaceAll('_', '') : source);
  return first === 46 && float.test(source) ? Number(source) : undefined;
}

function numberOf(text: string): number | undefined {
  if (integer.test(text)) {
    const sign = text.startsWith('-') ? -1 : 1;
    const digits = text.replace(/^[-+]/, '');
    // With a leading 0 it is octal.
    return sign * Number(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  }
  return float.test(text) ? Number(text) : undefined;
}

/** Why a plain scalar is not what it looks like. Undefined when it is. */
export function surprise(source: string): string | undefined {
  const value = kubectlValue(source);
  if (typeof value === 'boolean' && !/^(?:true|false)$/i.test(source)) {
    return `${source} without quotes is ${String(value)} to kubectl and the cluster; put it in quotes if you mean text`;
  }
  if (typeof value === 'number' && /^[-+]?0[_0-9]/.test(source) && value !== Number(source.replaceAll('_', ''))) {
    return `${source} without quotes is the number ${value} to kubectl and the cluster; put it in quotes if you mean text`;
  }
  return undefined;
}

/** For the failsafe schema of the library, which has only text, lists and maps. */
export const kubectlScalars: ScalarTag[] = [
  { tag: 'tag:yaml.org,2002:null', default: true, test: /^(?:~|null|Null|NULL)?$/, resolve: () => null },
  {
    tag: 'tag:yaml.org,2002:bool',
    default: true,
    test: /^(?:[yYnN]|yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
    resolve: (source) => truths.has(source),
  },
  {
    tag: 'tag:yaml.org,2002:int',
    default: true,
    test: /^[-+]?[0-9]/,
    resolve: (source) => kubectlValue(source) ?? source,
  },
  {
    tag: 'tag:yaml.org,2002:float',
    default: true,
    test: /^[-+]?\.[0-9]/,
    resolve: (source) => kubectlValue(source) ?? source,
  },
];

/** Something that the author of the text should know, at an offset in it. */
export type Remark = { readonly offset: number; readonly message: string };

function* keyRemarks(items: readonly Pair[]): Generator<Remark> {
  const seen = new Set<string>();
  for (const { key } of items) {
    if (!isScalar(key)) continue;
    const name = String(key.value);
    if (seen.has(name) && name !== '<<') {
      yield { offset: key.range?.[0] ?? 0, message: `duplicate key ${name}; kubectl uses this one, the last` };
    }
    seen.add(name);
  }
}

/** What kubectl reads differently from what it looks like: `off`, 010, duplicate keys, tags that it ignores. */
export function kubectlRemarks(document: Document.Parsed): readonly Remark[] {
  const remarks: Remark[] = document.warnings.map(({ pos, message }) => ({ offset: pos[0], message }));
  visit(document, (_, node) => {
    if (isMap(node)) for (const remark of keyRemarks(node.items)) remarks.push(remark);
    if (!isScalar(node) || node.type !== 'PLAIN' || node.source === undefined) return;
    const message = surprise(node.source);
    if (message !== undefined) remarks.push({ offset: node.range?.[0] ?? 0, message });
  });
  return remarks;
}
