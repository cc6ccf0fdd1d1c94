import { mergeAlike, type AlikeViolations, type AttributedViolation } from './merge-alike.ts';
import { clip, printable } from '../text/printable.ts';
import type { Violation } from './rule.ts';

/** What users read: a denial with every reason, or one line per warning. */

/** One line of a denial. A sentence with the largest users of a quota takes about 300 bytes. */
const maxLineBytes = 1024;
/** Keeps a denial below 64 KiB, even for a pod with a thousand containers. */
const maxLines = 50;

/** kube-apiserver `endpoints/handlers/warning`: once all warnings exceed 4,096 characters, each is cut to 256. */
const maxWarningBytes = 256;
const maxWarningsBytes = 4096;
/** Room for the warning that counts the rest. */
const countBytes = 32;

/** Of a line, at most a half goes to the rule and the fields, and a fifth to the sources. The sentences get the rest. */
const fieldsShare = 2;
const sourcesShare = 5;

/** A shorter piece of a detail explains nothing. */
const minDetailBytes = 24;

export type Refusal = {
  /** Kind and name, such as `pod proj-a/job-7-train`. */
  readonly subject: string;
  readonly violations: readonly AttributedViolation[];
};

/** The first reason is on the first line, because some clients show only that one. */
export function denialMessage({ subject, violations }: Refusal): string {
  const reasons = mergeAlike(violations);
  const lines = reasons.slice(0, maxLines).map((alike) => lineOf(alike, maxLineBytes));
  if (lines.length < reasons.length) lines.push(`... and ${reasons.length - lines.length} more.`);
  return [...lines, summaryOf(subject, reasons.length)].join('\n ');
}

function summaryOf(subject: string, reasons: number): string {
  const count = reasons === 1 ? '1 reason' : `${reasons} reasons`;
  return `${count}; gpugate refused ${clip(printable(subject), maxLineBytes)}.`;
}

/** For `response.warnings`: one line each. The API server adds `Warning: ` itself. */
export function warningLines(violations: readonly AttributedViolation[]): string[] {
  const lines = [...new Set(mergeAlike(violations).map((alike) => lineOf(alike, maxWarningBytes)))];
  const kept: string[] = [];
  let bytes = 0;
  for (const [index, text] of lines.entries()) {
    bytes += Buffer.byteLength(text);
    const reserve = index === lines.length - 1 ? 0 : countBytes;
    if (bytes + reserve > maxWarningsBytes) {
      const more = lines.length - index;
      kept.push(`... and ${more} more ${more === 1 ? 'warning' : 'warnings'}`);
      break;
    }
    kept.push(text);
  }
  return kept;
}

/** `[rule] field: What is wrong. What is behind it. What to do. (policy x)` */
function lineOf({ violation, fields, sources }: AlikeViolations, maxBytes: number): string {
  const head = `[${violation.rule}] ${fields === '' ? '' : `${fields}: `}`;
  const start = clip(printable(head), Math.floor(maxBytes / fieldsShare));
  const end = ` (${clip(printable(sources.join(', ')), Math.floor(maxBytes / sourcesShare))})`;
  return start + sentencesOf(violation, maxBytes - Buffer.byteLength(start + end)) + end;
}

/** The sentences of a violation on one line: the reason, the detail as far as there is room, and the advice. */
export function sentencesOf({ reason, detail = '', advice }: Violation, maxBytes = maxLineBytes): string {
  const start = printable(reason);
  const end = ` ${printable(advice)}`;
  const room = maxBytes - Buffer.byteLength(start + end) - 1;
  const middle = detail === '' || room < minDetailBytes ? '' : ` ${clip(printable(detail), room)}`;
  return clip(start + middle + end, maxBytes);
}
