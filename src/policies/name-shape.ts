import { RE2JS } from 're2js';
import { messageOf } from '../text/errors.ts';
import type { WorkloadPolicySpec } from '../api/workload-policy.ts';
import { clip, printable, shownList } from '../text/printable.ts';
import { PolicyError } from './rule.ts';

/** The names that a policy allows. One regular expression with linear time, because users can send any name. */
export type NameShape = {
  readonly matches: (name: string) => boolean;
  /** The end of sentences such as `"x" does not match the format {prefix}-{id}-{name}`. */
  readonly form: string;
  readonly detail: string | undefined;
  /** Names that may match and are close to `name`, closest first. */
  readonly proposals: (name: string) => readonly string[];
};

type NameSettings = NonNullable<WorkloadPolicySpec['names']>;

const placeholders = ['{prefix}', '{id}', '{name}'] as const;
type Placeholder = (typeof placeholders)[number];

/** As a pattern, and in a message. */
const lettersAndDigits = { pattern: '[a-z0-9]+', meaning: 'letters and digits' } as const;
const samplePrefix = 'job';
const sampleId = '1';
const sampleName = 'train';

/** Of a pattern in a message. The schema allows 1,024 characters. */
const maxPatternBytes = 200;

function isPlaceholder(part: string): part is Placeholder {
  return (placeholders as readonly string[]).includes(part);
}

/** `{prefix}-{id}` -> `{prefix}`, `-`, `{id}`. The schema allows nothing else in braces. */
function splitFormat(format: string): readonly string[] {
  return format.split(/(\{[a-z]+\})/).filter((part) => part !== '');
}

/** In lower case, with dashes for characters that no name may contain. */
function asDnsName(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^-a-z0-9.]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '');
}

function fill(parts: readonly string[], values: Readonly<Record<Placeholder, string>>): string {
  return parts.map((part) => (isPlaceholder(part) ? values[part] : part)).join('');
}

function prefixFor(name: string, prefixes: readonly string[]): string {
  return prefixes.find((prefix) => name.startsWith(`${prefix}-`)) ?? prefixes[0] ?? samplePrefix;
}

function formatShape(format: string, prefixes: readonly string[]): NameShape {
  const parts = splitFormat(format);
  const patterns: Readonly<Record<Placeholder, string>> = {
    '{prefix}':
      prefixes.length === 0
        ? lettersAndDigits.pattern
        : `(?:${prefixes.map((prefix) => RE2JS.quote(prefix)).join('|')})`,
    '{id}': lettersAndDigits.pattern,
    '{name}': '[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?',
  };
  const pattern = RE2JS.compile(
    parts.map((part) => (isPlaceholder(part) ? patterns[part] : RE2JS.quote(part))).join(''),
  );
  const meanings: Readonly<Record<Placeholder, string>> = {
    '{prefix}': prefixes.length === 0 ? lettersAndDigits.meaning : shownList(prefixes).replace(' and ', ' or '),
    '{id}': lettersAndDigits.meaning,
    '{name}': 'letters, digits, dashes and dots',
  };
  const used = placeholders.filter((placeholder) => parts.includes(placeholder));
  return {
    matches: (name) => pattern.testExact(name),
    form: `the format ${format}`,
    detail: `Here ${used.map((placeholder) => `${placeholder} is ${meanings[placeholder]}`).join(', ')}.`,
    proposals(name) {
      const clean = asDnsName(name);
      const prefix = prefixFor(clean, prefixes);
      const rest = clean.startsWith(`${prefix}-`) ? clean.slice(prefix.length + 1) : clean;
      const values = { '{prefix}': prefix, '{id}': sampleId };
      return [
        clean,
        clean.replaceAll('.', '-'),
        clean.replace(/^[^-]*/, prefix),
        fill(parts, { ...values, '{name}': rest }),
        fill(parts, { ...values, '{name}': sampleName }),
      ];
    },
  };
}

function patternShape(pattern: string, prefixes: readonly string[]): NameShape {
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (cause) {
    const why = messageOf(cause);
    throw new PolicyError('spec.names.pattern', `must be a regular expression in RE2 syntax: ${why}`, cause);
  }
  return {
    matches: (name) => compiled.testExact(name),
    form: `the pattern "${clip(printable(pattern), maxPatternBytes)}"`,
    detail: undefined,
    proposals(name) {
      const clean = asDnsName(name);
      const prefix = prefixFor(clean, prefixes);
      const sample = `${prefix}-${sampleId}-${sampleName}`;
      return [
        clean,
        `${prefix}-${clean}`,
        `${prefix}-${sampleId}-${clean}`,
        sample,
        `${prefix}-${sampleId}`,
        sampleName,
      ];
    },
  };
}

export function compileNameShape(settings: NameSettings): NameShape {
  if (settings.pattern !== undefined) {
    return patternShape(settings.pattern, settings.prefixes);
  }
  if (settings.format !== undefined) {
    return formatShape(settings.format, settings.prefixes);
  }
  throw new PolicyError('spec.names', 'exactly one of format and pattern must be set');
}
