import { formatPlace } from './place.ts';
import type { ReportedFinding, ReportedResult, Reporter } from './report.ts';
import { byGroup, tallyOf } from './tally.ts';

/**
 * JUnit XML as Jenkins, GitLab and Azure read it: a suite for each group, a case for each result. A failed result is a
 * `failure`, an undecided one an `error`; warnings are the output of a case that passed.
 */
export const reportJunit: Reporter = (report) => {
  const suites = Array.from(byGroup(report), ([group, results]) => suiteOf(group, results));
  const head = element('testsuites', { name: `gpugate ${report.command}`, ...countsOf(report.results) }, suites);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${head}\n`;
};

function suiteOf(group: string, results: readonly ReportedResult[]): string {
  return element('testsuite', { name: group, ...countsOf(results), skipped: '0' }, results.map(caseOf));
}

function countsOf(results: readonly ReportedResult[]): Record<string, string> {
  const { fail, undecided } = tallyOf(results);
  const durationMs = results.reduce((sum, result) => sum + (result.durationMs ?? 0), 0);
  return {
    tests: String(results.length),
    failures: String(fail),
    errors: String(undecided),
    time: secondsOf(durationMs),
  };
}

function caseOf({ name, group, place, verdict, findings, text = [], durationMs = 0 }: ReportedResult): string {
  const where = place === undefined ? {} : { file: place.file, line: String(place.line) };
  const attributes = { name, classname: group, time: secondsOf(durationMs), ...where };
  const lines = [...findings.map(lineOf), ...text];
  if (verdict === 'pass' || verdict === 'warn') {
    return element('testcase', attributes, lines.length === 0 ? [] : [textElement('system-out', {}, lines)]);
  }
  const told = findings.filter(({ level }) => level === 'error');
  const [first] = told;
  const more = told.length > 1 ? ` (and ${told.length - 1} more)` : '';
  const message =
    first === undefined ? (text.find((line) => line.trim() !== '')?.trim() ?? verdict) : `${first.message}${more}`;
  // One element for all findings, because most readers show only the first of several.
  const outcome = verdict === 'fail' ? 'failure' : 'error';
  return element('testcase', attributes, [textElement(outcome, { message, type: first?.rule ?? verdict }, lines)]);
}

function lineOf({ rule, policy, level, message, field, place }: ReportedFinding): string {
  const where = place === undefined ? '' : `${formatPlace(place)}: `;
  const what = field === undefined || field === '' ? '' : `${field}: `;
  return `${where}${level} [${rule}] ${what}${message}${policy === undefined ? '' : ` (${policy})`}`;
}

function secondsOf(durationMs: number): string {
  return (durationMs / 1000).toFixed(3);
}

function element(name: string, attributes: Readonly<Record<string, string>>, children: readonly string[]): string {
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(value)}"`);
  const open = `<${name}${pairs.join('')}`;
  return children.length === 0 ? `${open}/>` : `${open}>\n${children.join('\n')}\n</${name}>`;
}

function textElement(name: string, attributes: Readonly<Record<string, string>>, lines: readonly string[]): string {
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(value)}"`);
  return `<${name}${pairs.join('')}>${escapeXml(lines.join('\n'), 'text')}</${name}>`;
}

/** XML 1.0 cannot express these characters, not even as references; parsers refuse a document that has one. */
const notXml = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;
const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** White space in an attribute is written as a reference, because parsers turn it into blanks. */
function escapeXml(value: string, where: 'attribute' | 'text' = 'attribute'): string {
  const special = where === 'text' ? /[&<>\r]/g : /[&<>"\t\n\r]/g;
  return value
    .replace(notXml, '\uFFFD')
    .replace(special, (character) => named[character] ?? `&#${character.charCodeAt(0)};`);
}
