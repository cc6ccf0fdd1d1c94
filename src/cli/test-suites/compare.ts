import { isDeepStrictEqual } from 'node:util';
import { RE2JS } from 're2js';
import { stringify } from 'yaml';
import { isPlainObject } from '../../api/plain-object.ts';
import type { Expectation } from '../../api/policy-test.ts';
import { lineDiff } from './line-diff.ts';
import type { Got } from './run-case.ts';

/** An expectation that is not met. */
export type Mismatch = {
  readonly field: keyof Expectation;
  /** One line: what was expected, and what happened. */
  readonly summary: string;
  /** The difference line by line, for people. */
  readonly lines: readonly string[];
};

type Compare = (wanted: Expectation, got: Got) => Omit<Mismatch, 'field'> | undefined;

/** In the order of the report: the decision first. */
const comparisons: { readonly [Field in keyof Expectation]-?: Compare } = {
  decision: ({ decision }, got) =>
    decision === got.decision
      ? undefined
      : {
          summary: `expected ${decision}, got ${got.decision}`,
          lines: got.message === '' ? [] : got.message.split('\n'),
        },
  rules: ({ rules }, got) => rules && compareRules(rules, got.findings),
  message: ({ message }, got) => (message === undefined ? undefined : compareTexts(withoutEnd(message), got.message)),
  messageContains: ({ messageContains }, got) => missingTexts(messageContains, [got.message], 'the message'),
  messageMatches: ({ messageMatches }, got) =>
    messageMatches === undefined || RE2JS.compile(messageMatches).matcher(got.message).find()
      ? undefined
      : { summary: `the message does not match ${messageMatches}`, lines: shownText(got.message) },
  warnings: ({ warnings }, got) =>
    warnings && compareTexts(warnings.map(withoutEnd).join('\n'), got.warnings.join('\n')),
  warningsContain: ({ warningsContain }, got) => missingTexts(warningsContain, got.warnings, 'no warning'),
  patch: ({ patch }, got) => patch && comparePatches(patch, got.patch),
  object: ({ object }, got) => object && compareValues(object, partOf(got.object, object)),
  exactObject: ({ exactObject }, got) => exactObject && compareValues(exactObject, got.object),
};

const fields = Object.keys(comparisons) as (keyof Expectation)[];

/** All expectations that are not met. Fields without an expectation are not compared, except for the decision. */
export function compare(wanted: Expectation, got: Got): readonly Mismatch[] {
  return fields.flatMap((field) => {
    const found = comparisons[field](wanted, got);
    return found === undefined ? [] : [{ field, ...found }];
  });
}

/** The ids of the rules that found something, each once, in the order of the denial. */
export function ruleIdsOf(findings: Got['findings']): readonly string[] {
  return [...new Set(findings.map(({ rule }) => rule))];
}

function compareRules(wanted: readonly string[], findings: Got['findings']): Omit<Mismatch, 'field'> | undefined {
  const names = ({ rule, policy }: Got['findings'][number]): readonly string[] => [rule, `${policy}/${rule}`];
  const missing = wanted.filter((id) => !findings.some((finding) => names(finding).includes(id)));
  const unwanted = findings.filter((finding) => !names(finding).some((id) => wanted.includes(id)));
  if (missing.length + unwanted.length === 0) return undefined;
  const listed = (ids: readonly string[]) => (ids.length === 0 ? 'none' : [...new Set(ids)].join(', '));
  const all = findings.map(({ rule, policy }) => (wanted.includes(rule) ? rule : `${policy}/${rule}`));
  return {
    summary: `expected ${listed(wanted)}, got ${listed(all)}`,
    lines: [
      ...missing.map((id) => `- ${id}`),
      ...new Set(unwanted.map(({ rule, policy, enforcement }) => `+ ${policy}/${rule} (${enforcement})`)),
    ],
  };
}

/** A block scalar of YAML ends with a line break unless it begins with `|-`. */
function withoutEnd(text: string): string {
  return text.replace(/\n$/, '');
}

function shownText(text: string): readonly string[] {
  return text === '' ? [] : text.split('\n').map((line) => `+ ${line}`);
}

function compareTexts(wanted: string, got: string): Omit<Mismatch, 'field'> | undefined {
  const lines = lineDiff(wanted, got);
  if (lines.length === 0) return undefined;
  if (got === '') return { summary: 'expected a text, got none', lines: wanted.split('\n').map((line) => `- ${line}`) };
  return wanted === ''
    ? { summary: 'expected none, got a text', lines: shownText(got) }
    : { summary: 'differs', lines };
}

function missingTexts(
  wanted: readonly string[] | undefined,
  texts: readonly string[],
  where: string,
): Omit<Mismatch, 'field'> | undefined {
  const missing = (wanted ?? []).filter((part) => !texts.some((text) => text.includes(part)));
  if (missing.length === 0) return undefined;
  const verb = where === 'no warning' ? 'contains' : 'does not contain';
  return {
    summary: `${where} ${verb} ${missing.map((part) => JSON.stringify(part)).join(', ')}`,
    lines: texts.flatMap(shownText),
  };
}

function compareValues(wanted: unknown, got: unknown): Omit<Mismatch, 'field'> | undefined {
  const [a, b] = [sorted(wanted), sorted(got)];
  if (isDeepStrictEqual(a, b)) return undefined;
  const text = (value: unknown) => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd();
  return { summary: 'differs', lines: lineDiff(text(a), text(b)) };
}

type Patch = readonly { readonly op: string; readonly path: string }[];

/** One line for each operation. Several operations on one path, such as the end of a list, keep their order. */
function comparePatches(wanted: Patch, got: Patch): Omit<Mismatch, 'field'> | undefined {
  const text = (patch: Patch) =>
    patch
      .toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
      .map(({ op, path, ...rest }) => `${op} ${path} ${JSON.stringify(sorted(rest))}`)
      .join('\n');
  return compareTexts(text(wanted), text(got));
}

/** Sorts keys, whose order means nothing, and copies objects, so that prototypes do not differ. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isPlainObject(value)) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.filter((key) => value[key] !== undefined).map((key) => [key, sorted(value[key])]));
}

/**
 * `value` reduced to the fields that `shape` names at any depth, so that the two are equal if all of these fields are.
 * Lists are compared item by item; items beyond those of the shape stay whole.
 */
export function partOf(value: unknown, shape: unknown): unknown {
  if (Array.isArray(value) && Array.isArray(shape)) {
    return value.map((item: unknown, index): unknown => (index < shape.length ? partOf(item, shape[index]) : item));
  }
  if (!isPlainObject(value) || !isPlainObject(shape)) return value;
  const keys = Object.keys(shape).filter((key) => Object.hasOwn(value, key));
  return Object.fromEntries(keys.map((key) => [key, partOf(value[key], shape[key])]));
}
