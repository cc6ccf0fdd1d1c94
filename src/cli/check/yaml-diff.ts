import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import { kubectlValue } from '../../text/kubectl-yaml.ts';
import { isPlainObject, type PlainObject } from '../../api/plain-object.ts';
import { printable } from '../../text/printable.ts';

/**
 * The changes from one object to another as lines of YAML: `+` and `-` before what comes and goes, two spaces before the
 * keys and list items that lead there. Unlike a diff of texts, it shows all parents of a line and no unchanged neighbours.
 */
export function yamlDiff(before: unknown, after: unknown): readonly string[] {
  const lines: string[] = [];
  diffValue(before, after, { indent: '', lines });
  return lines.map(printable);
}

/** A value as the lines of a YAML file. */
export function yamlLines(value: unknown): readonly string[] {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd().split('\n').map(printable);
}

/** Text that every reader of YAML 1.1 or 1.2 takes as text without quotes. */
const plainText = /^[A-Za-z0-9/._][-A-Za-z0-9/._=+:@]*[-A-Za-z0-9/._=+@]$|^[A-Za-z]$/;

function scalarText(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value ?? null);
  return plainText.test(value) && kubectlValue(value) === undefined ? value : JSON.stringify(value);
}

/** Not by the library, which takes ten times as long and does not quote what only YAML 1.1 reads as a boolean. */
function* linesOf(value: unknown): Generator<string> {
  const isList = Array.isArray(value);
  const entries = isList || isPlainObject(value) ? Object.entries(value as object) : [];
  if (entries.length === 0) yield isList ? '[]' : isPlainObject(value) ? '{}' : scalarText(value);
  for (const [key, item] of entries as [string, unknown][]) {
    const isNested = typeof item === 'object' && item !== null && Object.keys(item).length > 0;
    const nested = linesOf(item);
    if (isList) yield `- ${nested.next().value ?? ''}`;
    else if (isNested) yield `${scalarText(key)}:`;
    else yield `${scalarText(key)}: ${nested.next().value ?? ''}`;
    for (const line of nested) yield `  ${line}`;
  }
}

type Output = { readonly indent: string; readonly lines: string[] };

function diffValue(before: unknown, after: unknown, output: Output): void {
  if (isPlainObject(before) && isPlainObject(after)) diffMap(before, after, output);
  else if (Array.isArray(before) && Array.isArray(after)) diffList(before, after, output);
}

function diffMap(before: PlainObject, after: PlainObject, output: Output): void {
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) change('-', { [key]: before[key] }, output);
  for (const [key, value] of Object.entries(after)) {
    const old = Object.hasOwn(before, key) ? before[key] : undefined;
    if (isDeepStrictEqual(old, value)) continue;
    if (isSameShape(old, value)) {
      output.lines.push(`  ${output.indent}${scalarText(key)}:`);
      diffValue(old, value, deeper(output));
      continue;
    }
    if (Object.hasOwn(before, key)) change('-', { [key]: old }, output);
    change('+', { [key]: value }, output);
  }
}

function diffList(before: readonly unknown[], after: readonly unknown[], output: Output): void {
  for (const item of before.slice(after.length)) change('-', [item], output);
  for (const [index, item] of after.entries()) {
    const old = before[index];
    if (index < before.length && isDeepStrictEqual(old, item)) continue;
    if (isSameShape(old, item)) {
      output.lines.push(`  ${output.indent}- ${labelOf(item, index)}`);
      diffValue(old, item, deeper(output));
      continue;
    }
    if (index < before.length) change('-', [old], output);
    change('+', [item], output);
  }
}

function isSameShape(before: unknown, after: unknown): boolean {
  return (isPlainObject(before) && isPlainObject(after)) || (Array.isArray(before) && Array.isArray(after));
}

/** Identifies an item by its name, as users do with containers and volumes. */
function labelOf(item: unknown, index: number): string {
  const name = isPlainObject(item) ? item['name'] : undefined;
  return typeof name === 'string' ? `name: ${scalarText(name)}` : `# ${index}`;
}

function change(sign: '+' | '-', value: unknown, { indent, lines }: Output): void {
  for (const line of linesOf(value)) lines.push(`${sign} ${indent}${line}`);
}

function deeper({ indent, lines }: Output): Output {
  return { indent: `${indent}  `, lines };
}
