import { treePath } from './place.ts';
import type { ReportedFinding, ReportedResult, Reporter } from './report.ts';
import { findingsOf, summaryOf } from './tally.ts';

const commands: Readonly<Record<ReportedFinding['level'], string>> = {
  error: 'error',
  warning: 'warning',
  note: 'notice',
};

/**
 * Workflow commands of GitHub Actions, which become annotations of the changed files. Everything that users write is
 * escaped, because a runner obeys every line that begins with two colons.
 */
export const reportGithub: Reporter = ({ results }, { directory }) => {
  const lines = results.flatMap((result) => findingsOf(result).map((finding) => commandOf(finding, result, directory)));
  return [...lines, summaryOf(results)].map((line) => `${line}\n`).join('');
};

function commandOf(finding: ReportedFinding, { name, place: ofResult }: ReportedResult, directory: string): string {
  const { level, rule, field, message, place = ofResult } = finding;
  const file = place === undefined ? undefined : treePath(place.file, directory);
  const properties = {
    ...(place === undefined || file === undefined ? {} : { file, line: String(place.line), col: String(place.column) }),
    title: `${rule}: ${name}`,
  };
  const pairs = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(value)}`);
  const text = field === undefined || field === '' ? message : `${field}: ${message}`;
  return `::${commands[level]} ${pairs.join(',')}::${escapeData(text)}`;
}

/** The inverse of what the runner does; `%` comes first, or the others would be escaped twice. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
