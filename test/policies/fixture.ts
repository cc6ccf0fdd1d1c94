import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { denialMessage, warningLines } from '../../src/policies/denial.ts';
import { compileRules, evaluate, ratchet, type Finding } from '../../src/policies/evaluate.ts';
import { factsOf, specOf, type Situation } from './facts-of.ts';

/** test/fixtures/<rule>/{pass,fail}/<sentence>.yaml. Beside each failing one, <sentence>.txt has the whole answer. */
export const fixturesRoot = join(import.meta.dirname, '..', 'fixtures');

export const outcomes = ['pass', 'fail'] as const;
export type FixtureOutcome = (typeof outcomes)[number];

const strings = z.record(z.string(), z.string());
const object = z.looseObject({ kind: z.string(), metadata: z.looseObject({}) });

/** Strict, so that no fixture passes because of a misspelt key. */
const fixtureSchema = z.strictObject({
  policy: z.looseObject({}),
  object,
  oldObject: object.optional(),
  operation: z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']).optional(),
  user: z.strictObject({ username: z.string(), groups: z.array(z.string()) }).optional(),
  nodes: z.array(z.strictObject({ name: z.string(), labels: strings.default({}), allocatable: strings })).optional(),
  unmutated: z.array(z.string()).optional(),
});
export type Fixture = z.output<typeof fixtureSchema>;

export function fixtureNames(rule: string, outcome: FixtureOutcome, extension: '.yaml' | '.txt'): string[] {
  const folder = join(fixturesRoot, rule, outcome);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(extension))
    .map((file) => file.slice(0, -extension.length))
    .sort();
}

export function readFixture(rule: string, outcome: FixtureOutcome, name: string): Fixture {
  const text = readFileSync(join(fixturesRoot, rule, outcome, `${name}.yaml`), 'utf8');
  return fixtureSchema.parse(parse(text));
}

export function judgeFixture(fixture: Fixture): readonly Finding[] {
  const rules = compileRules(specOf(fixture.policy));
  const { policy: _policy, oldObject, ...given } = fixture;
  const situation = given as Situation;
  const findings = evaluate(rules, factsOf(situation));
  return oldObject === undefined
    ? findings
    : ratchet(findings, evaluate(rules, factsOf({ ...situation, object: oldObject })));
}

function subjectOf({ object: { kind, metadata } }: Fixture): string {
  const { name, generateName, namespace } = metadata as Readonly<Record<string, string | undefined>>;
  return `${kind.toLowerCase()} ${namespace ?? 'default'}/${name ?? `${generateName ?? ''}*`}`;
}

/** All that a user reads, as kubectl shows it, and what is only in the audit log. */
export function answerTo(fixture: Fixture, findings: readonly Finding[]): string {
  const of = (wanted: Finding['enforcement']) =>
    findings
      .filter(({ enforcement }) => enforcement === wanted)
      .map((finding) => ({ ...finding, source: 'policy platform' }));
  const denied = of('Deny');
  const lines = [
    ...(denied.length > 0 ? [denialMessage({ subject: subjectOf(fixture), violations: denied })] : []),
    ...warningLines(of('Warn')).map((line) => `Warning: ${line}`),
    ...warningLines(of('Audit')).map((line) => `Audit: ${line}`),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
