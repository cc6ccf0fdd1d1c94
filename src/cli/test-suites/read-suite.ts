import { dirname, isAbsolute, join } from 'node:path';
import { RE2JS } from 're2js';
import { quotaRule } from '../../admission/quota-answer.ts';
import { type Problem, formatProblem } from '../../text/problem.ts';
import { messageOf } from '../../text/errors.ts';
import { nearestName } from '../../text/nearest-name.ts';
import type { PlainObject } from '../../api/plain-object.ts';
import { policyTest, type PolicyTest, type PolicyTestCase } from '../../api/policy-test.ts';
import { type ReadObject, readYaml } from '../../text/read-yaml.ts';
import { ruleIds } from '../../policies/registry.ts';
import type { Place } from '../report/place.ts';
import type { SuiteFile } from './find-suites.ts';
import { malformation, type Input, type SuiteInputs, type SuiteRules } from './suite-inputs.ts';
import type { CaseObject, Suite, SuiteCase } from './suite.ts';

export type ReadSuites = { readonly suites: readonly Suite[]; readonly problems: readonly string[] };

/** The suites of a file and everything that they name. Problems are lines for people, with file, line and column. */
export async function readSuiteFile({ file, text }: SuiteFile, inputs: SuiteInputs): Promise<ReadSuites> {
  const { objects, problems } = readYaml(text, { file, schemas: [policyTest] });
  const found = new Set(problems.map(formatProblem));
  if (objects.length === 0 && found.size === 0) found.add(`${file}:1:1 is empty; a suite is a PolicyTest object`);
  const suites: Suite[] = [];
  for (const source of objects) {
    if (source.value === undefined) continue;
    const reader = new SuiteReader(file, source, inputs, (problem) => found.add(problem));
    suites.push(await reader.read(source.value));
  }
  return { suites, problems: [...found] };
}

const noRules: SuiteRules = { policies: [], policyTexts: new Map(), kinds: new Set(), quotas: [] };

class SuiteReader {
  readonly #file: string;
  readonly #source: ReadObject<PolicyTest>;
  readonly #inputs: SuiteInputs;
  readonly #tell: (problem: string) => void;

  constructor(file: string, source: ReadObject<PolicyTest>, inputs: SuiteInputs, tell: (problem: string) => void) {
    this.#file = file;
    this.#source = source;
    this.#inputs = inputs;
    this.#tell = tell;
  }

  async read(suite: PolicyTest): Promise<Suite> {
    const rules = await this.#rules(suite);
    const cases: SuiteCase[] = [];
    for (const [index, testCase] of suite.cases.entries()) {
      const read = await this.#case(suite, testCase, { index, rules });
      if (read !== undefined) cases.push(read);
    }
    const { policies, policyTexts, kinds } = rules ?? noRules;
    const place = this.#placeOf('metadata.name');
    return { name: suite.metadata.name, file: this.#file, place, policies, policyTexts, kinds, cases };
  }

  async #rules(suite: PolicyTest): Promise<SuiteRules | undefined> {
    const named = (['policies', 'quotas'] as const).flatMap((list) =>
      suite[list].map((path, index) => ({ path, field: `${list}[${index}]` })),
    );
    let isWhole = true;
    for (const { path, field } of named) {
      const missing = await this.#inputs.missingRules(this.#resolve(path));
      if (missing === undefined) continue;
      this.#problem(field, `${path} ${missing}`);
      isWhole = false;
    }
    if (!isWhole) return undefined;
    // A quota may be among the policies, and be named again.
    const paths = new Set(named.map(({ path }) => this.#resolve(path)));
    return this.#take(await this.#inputs.rules([...paths]), { path: '', field: 'policies' });
  }

  async #case(
    suite: PolicyTest,
    testCase: PolicyTestCase,
    { index, rules }: { index: number; rules: SuiteRules | undefined },
  ): Promise<SuiteCase | undefined> {
    const at = `cases[${index}]`;
    // One after the other, so that problems come in the order of the suite.
    const objects: CaseObject[] = [];
    for (const [i, each] of testCase.objects.entries())
      objects.push(...(await this.#objects(each, `${at}.objects[${i}]`)));
    const old = testCase.oldObject === undefined ? [] : await this.#objects(testCase.oldObject, `${at}.oldObject`);
    if (old.length > 1) this.#problem(`${at}.oldObject`, `contains ${old.length} objects, and must contain one`);
    const snapshot = testCase.snapshot ?? suite.snapshot;
    const cluster = this.#take(
      await this.#inputs.cluster(snapshot === undefined ? undefined : this.#resolve(snapshot)),
      { path: snapshot ?? '', field: testCase.snapshot === undefined ? 'snapshot' : `${at}.snapshot` },
    );
    const operation = testCase.operation ?? (testCase.oldObject === undefined ? suite.defaults.operation : 'UPDATE');
    if ((operation === 'UPDATE') !== (testCase.oldObject !== undefined)) {
      this.#problem(
        testCase.oldObject === undefined ? `${at}.operation` : `${at}.oldObject`,
        operation === 'UPDATE' ? 'UPDATE needs an oldObject' : `is for UPDATE only, and the operation is ${operation}`,
      );
    }
    if (cluster === undefined || rules === undefined) return undefined;
    const own = new Set(rules.quotas.map(({ name }) => name));
    const quotas = [...rules.quotas, ...cluster.quotas.filter(({ name }) => !own.has(name))];
    if (rules.policies.length + quotas.length === 0)
      this.#problem('policies', 'nothing is tested; name policies or quotas');
    this.#checkExpectation(
      testCase,
      at,
      [...rules.policies, ...quotas].map(({ name }) => name),
    );
    return {
      name: testCase.name,
      index,
      place: this.#placeOf(`${at}.name`),
      placeOf: (field) => this.#placeOf(testCase.expect === undefined ? at : `${at}.expect.${field}`),
      objects,
      oldObject: old[0],
      operation,
      user: { username: testCase.user ?? suite.defaults.user, groups: testCase.groups ?? suite.defaults.groups },
      namespace: testCase.namespace ?? suite.defaults.namespace,
      cluster,
      quotas,
      expect: testCase.expect,
    };
  }

  async #objects(source: string | PlainObject, field: string): Promise<readonly CaseObject[]> {
    if (typeof source === 'string') {
      return this.#take(await this.#inputs.objects(this.#resolve(source)), { path: source, field }) ?? [];
    }
    const found = malformation(source);
    if (found === undefined) return [{ place: this.#placeOf(field), object: source }];
    this.#problem(found.field === '' ? field : `${field}.${found.field}`, found.message);
    return [];
  }

  /** A case with a misspelt rule would never pass, or worse, --update would accept it. */
  #checkExpectation({ expect }: PolicyTestCase, at: string, owners: readonly string[]): void {
    const known = [...ruleIds, quotaRule];
    for (const [index, wanted] of (expect?.rules ?? []).entries()) {
      const field = `${at}.expect.rules[${index}]`;
      const slash = wanted.indexOf('/');
      const rule = wanted.slice(slash + 1);
      if (!known.includes(rule)) this.#problem(field, `no rule is called ${rule}; ${hint(rule, known)}`);
      const owner = wanted.slice(0, Math.max(0, slash));
      if (slash !== -1 && !owners.includes(owner)) {
        this.#problem(field, `no policy or quota is called ${owner}; ${hint(owner, owners)}`);
      }
    }
    if (expect?.messageMatches === undefined) return;
    try {
      RE2JS.compile(expect.messageMatches);
    } catch (error) {
      this.#problem(`${at}.expect.messageMatches`, `is not a regular expression (RE2): ${messageOf(error)}`);
    }
  }

  #take<T>(input: Input<T>, { path, field }: { path: string; field: string }): T | undefined {
    if ('value' in input) return input.value;
    if ('missing' in input) this.#problem(field, `${path} ${input.missing}`);
    else for (const problem of input.problems) this.#tell(problem);
    return undefined;
  }

  #problem(field: string, message: string): void {
    this.#tell(formatProblem(this.#source.problemAt(field, message)));
  }

  #placeOf(field: string): Place {
    const { line, column }: Problem = this.#source.problemAt(field, '');
    return { file: this.#file, line, column };
  }

  /** Paths are relative to the file of the suite. */
  #resolve(path: string): string {
    return isAbsolute(path) ? path : join(dirname(this.#file), path);
  }
}

function hint(name: string, known: readonly string[]): string {
  const meant = nearestName(name, known);
  return meant === undefined ? `known are ${known.join(', ')}` : `did you mean ${meant}?`;
}
