import { type Command, Option } from 'commander';
import type { CliContext } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { Report, ReportContext, Reporter } from './report.ts';
import { reportText } from './text.ts';

/** Every output of the commands that judge. Most runs print text; the others are loaded when asked for. */
const reporters = {
  text: () => Promise.resolve(reportText),
  json: async () => (await import('./json.ts')).reportJson,
  junit: async () => (await import('./junit.ts')).reportJunit,
  sarif: async () => (await import('./sarif.ts')).reportSarif,
  github: async () => (await import('./github.ts')).reportGithub,
} as const satisfies Readonly<Record<string, () => Promise<Reporter>>>;

export type OutputFormat = keyof typeof reporters;

export const outputFormats = Object.keys(reporters) as readonly OutputFormat[];

/** Adds `-o, --output`, whose value is an {@link OutputFormat}. */
export function outputOption(command: Command): Command {
  const option = new Option('-o, --output <format>', 'format of the report').choices([...outputFormats]);
  return command.addOption(option.default('text' satisfies OutputFormat));
}

/** Prints the report on standard output, and sets no exit code. */
export async function writeReport(report: Report, format: OutputFormat, cli: CliContext): Promise<void> {
  const reporter = await reporters[format]();
  cli.write(reporter(report, reportContextOf(cli)));
}

/** Prints the report on standard output, and sets the exit code that it stands for. */
export async function printReport(report: Report, format: OutputFormat, cli: CliContext): Promise<void> {
  await writeReport(report, format, cli);
  const code = exitCodeOf(report);
  if (code !== exitCodes.ok) cli.fail(code);
}

export function reportContextOf(cli: CliContext): ReportContext {
  return { version: cli.version, isColoured: isColoured(cli), directory: cli.directory };
}

/** A failure counts more than an undecided result: the command would fail whatever the missing answer is. */
export function exitCodeOf({ results }: Report): ExitCode {
  const has = (wanted: string) => results.some(({ verdict }) => verdict === wanted);
  if (has('fail')) return exitCodes.failed;
  return has('undecided') ? exitCodes.undecided : exitCodes.ok;
}

/**
 * Decides as Node does for its own output: FORCE_COLOR wins over NO_COLOR (any text that is not empty, says
 * https://no-color.org), and both win over the kind of terminal.
 */
export function isColoured({ environment, isTerminal }: Pick<CliContext, 'environment' | 'isTerminal'>): boolean {
  const forced = environment['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if ((environment['NO_COLOR'] ?? '') !== '') return false;
  return isTerminal && environment['TERM'] !== 'dumb';
}
