import { writeFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { RE2JS } from 're2js';
import { compileExemptions } from '../../admission/exemption.ts';
import { formatProblem } from '../../text/problem.ts';
import { InputError, messageOf } from '../../text/errors.ts';
import { systemNamespaces } from '../../api/webhook-configuration.ts';
import type { CliContext } from '../context.ts';
import { createProgress } from '../report/progress.ts';
import { type OutputFormat, outputOption, printReport } from '../report/print-report.ts';
import { Coverage } from './coverage.ts';
import { findSuites } from './find-suites.ts';
import { readSuiteFile } from './read-suite.ts';
import { createSuiteInputs } from './suite-inputs.ts';
import { runCase } from './run-case.ts';
import type { Suite, SuiteCase } from './suite.ts';
import { resultOf } from './suite-report.ts';
import { type JudgedCase, judgeCase, updateFiles } from './update-cases.ts';

type Flags = {
  readonly run?: (name: string) => boolean;
  readonly update?: boolean;
  readonly coverage?: boolean;
  readonly coverageMin?: number;
  readonly output: OutputFormat;
};

/** `gpugate test`: runs suites of cases against policies and quotas, judged as by the server. */
export function defineTest(command: Command, context: CliContext): void {
  command
    .argument('<suites...>', 'files of suites, or directories and everything below them')
    .option('--run <pattern>', 'only cases whose SUITE/CASE matches this regular expression (RE2)', parsePattern)
    .option('--update', 'write the actual results into expectations that failed, and into cases without any')
    .option('--coverage', 'list the rules of policies and the quotas that no case touched')
    .option('--coverage-min <percent>', 'fail if fewer of them were touched; implies --coverage', parsePercent);
  outputOption(command).action(async (paths: string[], flags: Flags) => {
    const found = await findSuites(paths);
    const texts = new Map(found.files.map(({ file, text }) => [file, text]));
    const selected = select(await readSuites(found), flags.run);
    const cases = await runCases(selected, context);
    const written = flags.update === true ? updateFiles(cases, texts) : { cases, files: new Map<string, string>() };
    for (const [file, text] of written.files) await writeFile(file, text);
    const results = written.cases.map(resultOf);
    if (flags.coverage === true || flags.coverageMin !== undefined) {
      const coverage = new Coverage();
      for (const { suite, run } of cases) coverage.add(suite, run);
      results.push(coverage.result(flags.coverageMin ?? 0));
    }
    await printReport({ command: 'test', results }, flags.output, context);
  });
}

/** Throws InputError with all problems of all suites. */
async function readSuites({
  files,
  problems: unreadable,
}: Awaited<ReturnType<typeof findSuites>>): Promise<readonly Suite[]> {
  const inputs = createSuiteInputs();
  const problems = new Set(unreadable.map(formatProblem));
  const suites = new Map<string, Suite>();
  for (const file of files) {
    const read = await readSuiteFile(file, inputs);
    for (const problem of read.problems) problems.add(problem);
    for (const suite of read.suites) {
      const { name, place } = suite;
      const first = suites.get(name);
      if (first === undefined) suites.set(name, suite);
      else {
        const message = `suite ${name} is already defined at ${first.place.file}:${first.place.line}; rename one of them`;
        problems.add(formatProblem({ ...place, field: 'metadata.name', message }));
      }
    }
  }
  if (problems.size > 0) throw new InputError([...problems].join('\n'));
  return [...suites.values()];
}

type Selected = readonly { readonly suite: Suite; readonly testCase: SuiteCase }[];

function select(suites: readonly Suite[], isRun: (name: string) => boolean = () => true): Selected {
  const all = suites.flatMap((suite) => suite.cases.map((testCase) => ({ suite, testCase })));
  const selected = all.filter(({ suite, testCase }) => isRun(`${suite.name}/${testCase.name}`));
  if (selected.length > 0) return selected;
  throw new InputError(`--run: none of the ${all.length} cases matches; their names have the form SUITE/CASE`);
}

async function runCases(selected: Selected, context: CliContext): Promise<readonly JudgedCase[]> {
  // The default of the server.
  const findExemption = compileExemptions({ namespaces: systemNamespaces, users: [], groups: [] });
  const progress = createProgress({
    label: 'testing',
    now: () => performance.now(),
    show: (line) => context.showProgress(line),
  });
  const cases: JudgedCase[] = [];
  for (const { suite, testCase } of selected) {
    cases.push(judgeCase(suite, await runCase(suite, testCase, findExemption)));
    progress.report(cases.length, selected.length);
  }
  progress.end();
  return cases;
}

function parsePattern(text: string): (name: string) => boolean {
  try {
    const pattern = RE2JS.compile(text);
    return (name) => pattern.matcher(name).find();
  } catch (error) {
    throw new InvalidArgumentError(`it is not a regular expression (RE2): ${messageOf(error)}`);
  }
}

function parsePercent(text: string): number {
  const percent = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (percent <= 100) return percent;
  throw new InvalidArgumentError('it must be a whole number from 0 to 100.');
}
