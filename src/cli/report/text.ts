import { styleText } from 'node:util';
import { printable } from '../../text/printable.ts';
import { formatPlace } from './place.ts';
import type { ReportContext, ReportedFinding, ReportedResult, Reporter } from './report.ts';
import { byGroup, summaryOf, type Verdict } from './tally.ts';

type Style = Parameters<typeof styleText>[0];
type Paint = (style: Style, text: string) => string;

const marks: Readonly<Record<Verdict, readonly [mark: string, style: Style]>> = {
  pass: ['✓', 'green'],
  warn: ['!', 'yellow'],
  fail: ['✗', 'red'],
  undecided: ['?', 'magenta'],
};

const levelStyles: Readonly<Record<ReportedFinding['level'], Style>> = {
  error: 'red',
  warning: 'yellow',
  note: 'cyan',
};

/** Like the output of a test runner: each file, what was judged in it, what was found, and finally the counts. */
export const reportText: Reporter = (report, context) => {
  const paint = painter(context);
  const groups = Array.from(byGroup(report), ([group, results]) => {
    const lines = results.flatMap((result) => linesOf(result, paint));
    return `${[paint('bold', printable(group)), ...lines].join('\n')}\n\n`;
  });
  return `${groups.join('')}${summaryOf(report.results)}\n`;
};

/** Ignores the stream, because the context says whether there are colours. */
function painter({ isColoured }: ReportContext): Paint {
  return isColoured ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text;
}

function linesOf({ name, verdict, findings, text = [], durationMs }: ReportedResult, paint: Paint): string[] {
  const [mark, style] = marks[verdict];
  const duration = durationMs === undefined ? '' : paint('gray', ` (${Math.round(durationMs)} ms)`);
  return [
    `  ${paint(style, mark)} ${printable(name)}${duration}`,
    ...findings.map((finding) => `      ${findingLine(finding, paint)}`),
    ...text.map((line) => `      ${paintDiff(line, paint)}`.trimEnd()),
  ];
}

/** `pods/train.yaml:12:9: error [gpu-mixed] spec.containers[0].resources.limits: ... (policy platform)`. */
function findingLine({ rule, policy, level, message, field, place }: ReportedFinding, paint: Paint): string {
  const where = place === undefined ? '' : `${paint('cyan', printable(formatPlace(place)))}: `;
  const what = field === undefined || field === '' ? '' : `${printable(field)}: `;
  const whose = policy === undefined ? '' : paint('gray', ` (${printable(policy)})`);
  return `${where}${paint(levelStyles[level], level)} [${printable(rule)}] ${what}${printable(message)}${whose}`;
}

/** Only the lines of a diff begin with a sign. */
function paintDiff(line: string, paint: Paint): string {
  if (line.startsWith('+')) return paint('green', line);
  if (line.startsWith('-')) return paint('red', line);
  return line.startsWith('@@') ? paint('cyan', line) : line;
}
