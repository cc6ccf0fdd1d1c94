import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compileRules } from '../../src/policies/evaluate.ts';
import { ruleIds } from '../../src/policies/registry.ts';
import { specOf } from './facts-of.ts';
import { answerTo, fixtureNames, fixturesRoot, judgeFixture, outcomes, readFixture } from './fixture.ts';

/** UPDATE_FIXTURES=1 rewrites every answer. Read the diff before you commit it. */
const isUpdate = process.env['UPDATE_FIXTURES'] === '1';

function goldenPath(rule: string, name: string): string {
  return join(fixturesRoot, rule, 'fail', `${name}.txt`);
}

describe.each(ruleIds)('%s', (rule) => {
  const passing = fixtureNames(rule, 'pass', '.yaml');
  const failing = fixtureNames(rule, 'fail', '.yaml');

  test('has at least two fixtures that pass and one that fails', () => {
    expect(passing.length).toBeGreaterThanOrEqual(2);
    expect(failing.length).toBeGreaterThanOrEqual(1);
  });

  test('is used by fixtures that pass', () => {
    const policies = passing.map((name) => compileRules(specOf(readFixture(rule, 'pass', name).policy)));
    expect(policies.some((compiled) => compiled.some(({ id }) => id === rule))).toBe(true);
  });

  test.each(passing)('pass: %s', (name) => {
    const fixture = readFixture(rule, 'pass', name);
    expect(answerTo(fixture, judgeFixture(fixture))).toBe('');
  });

  test.each(failing)('fail: %s', (name) => {
    const fixture = readFixture(rule, 'fail', name);
    const findings = judgeFixture(fixture);
    expect(findings.map((finding) => finding.rule)).toContain(rule);
    expect(new Set(findings.map((finding) => JSON.stringify(finding))).size, 'findings that differ').toBe(
      findings.length,
    );
    const answer = answerTo(fixture, findings);
    const golden = goldenPath(rule, name);
    if (isUpdate) writeFileSync(golden, answer);
    expect(existsSync(golden), `${golden} is missing: run with UPDATE_FIXTURES=1 and read it`).toBe(true);
    expect(answer).toBe(readFileSync(golden, 'utf8'));
  });

  test('has one answer for each fixture that fails', () => {
    const extra = fixtureNames(rule, 'fail', '.txt').filter((name) => !failing.includes(name));
    if (isUpdate) for (const name of extra) rmSync(goldenPath(rule, name));
    expect(fixtureNames(rule, 'fail', '.txt')).toEqual(failing);
  });

  test('has nothing else in its folders', () => {
    const folder = join(fixturesRoot, rule);
    expect(readdirSync(folder).sort()).toEqual([...outcomes].sort());
    const files = outcomes.flatMap((outcome) => readdirSync(join(folder, outcome)));
    expect(files.filter((file) => !/^[a-z0-9-]+\.yaml$|^[a-z0-9-]+\.txt$/.test(file))).toEqual([]);
    expect(fixtureNames(rule, 'pass', '.txt')).toEqual([]);
  });
});

describe('all fixtures', () => {
  test('belong to a rule', () => {
    const folders = readdirSync(fixturesRoot).filter((name) => statSync(join(fixturesRoot, name)).isDirectory());
    const judged = folders.filter((name) => outcomes.some((outcome) => existsSync(join(fixturesRoot, name, outcome))));
    expect(judged.filter((name) => !ruleIds.includes(name))).toEqual([]);
  });

  test('differ from one another', () => {
    const seen = new Set<string>();
    for (const rule of ruleIds) {
      for (const outcome of outcomes) {
        for (const name of fixtureNames(rule, outcome, '.yaml')) {
          const text = JSON.stringify(readFixture(rule, outcome, name));
          expect(seen.has(text), `${rule}/${outcome}/${name} is there twice`).toBe(false);
          seen.add(text);
        }
      }
    }
  });
});
