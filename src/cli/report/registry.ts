import { type Command, Option } from 'commander';
import type { CliContext } from '../program.ts';
import { exitCodes } from '../exit-codes.ts';
import { isColoured } from './coloured.ts';
import { exitCodeOf } from './exit-code.ts';
import type { Report, ReportContext, Reporter } from './report.ts';
import { reportText } from './text.ts';

/** Every output of the commands that judge. Most runs need the first; the others are loaded when asked for. */
const reporters = {
  text: () => Promise.resolve(reportText),
  json: async () => (await import('./json.ts')).reportJson,
  junit: async () => (await import('./junit.ts')).reportJunit,
  sarif: async () => (await import('./sarif.ts')).reportSarif,
  github: async () => (await import('./github.ts')).reportGithub,
} as const satisfies Readonly<Record<string, () => Promise<Reporter>>>;

export type OutputFormat = keyof typeof reporters;

export const outputFormats = Object.keys(reporters) as readonly OutputFormat[];

/** Adds `-o, --output`; its flag is `output` of the type {@link OutputFormat}. */
export function outputOption(command: Command): Command {
  const option = new Option('-o, --output <format>', 'form of the report').choices([...outputFormats]);
  return command.addOption(option.default('text' satisfies OutputFormat));
}

export function loadReporter(format: OutputFormat): Promise<Reporter> {
  return reporters[format]();
}

export function reportContextOf(cli: CliContext): ReportContext {
  return { version: cli.version, isColoured: isColoured(cli), directory: cli.directory };
}

/** What every command that judges ends with: the report on standard output, and the exit code that it means. */
export async function printReport(report: Report, format: OutputFormat, cli: CliContext): Promise<void> {
  const reporter = await loadReporter(format);
  cli.write(reporter(report, reportContextOf(cli)));
  const code = exitCodeOf(report);
  if (code !== exitCodes.ok) cli.fail(code);
}
