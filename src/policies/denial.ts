import { clip, printable } from '../text/printable.ts';
import type { Violation } from './rule.ts';

/** The texts that users read: one denial with every reason, or one warning line each. */

/** One reason; a sentence with the largest users of a quota takes about 300 bytes. */
const maxReasonBytes = 1024;
/** So that a denial stays below 64 KiB, whatever a pod of a thousand containers does. */
const maxReasons = 50;

/** kube-apiserver `endpoints/handlers/warning`: a longer warning may be cut, and all of them together end at 4,096. */
const maxWarningBytes = 256;
const maxWarningsBytes = 4096;
/** Room for the line that says how many more there are. */
const moreBytes = 32;

function line(violation: Violation): string {
  const path = violation.path === '' ? '' : `${violation.path}: `;
  const detail = violation.detail === undefined || violation.detail === '' ? '' : ` (${violation.detail})`;
  return printable(`[${violation.rule}] ${path}${violation.reason}${detail}`);
}

/** Several policies may find the same: each line is said once. */
function distinctLines(violations: readonly Violation[], maxBytes: number): string[] {
  return [...new Set(violations.map((violation) => clip(line(violation), maxBytes)))];
}

/** One violation on one line, as a denial says it. */
export function violationLine(violation: Violation): string {
  return clip(line(violation), maxReasonBytes);
}

/** `subject` is the kind and the name, such as `pod proj-a/job-7-train`. */
export function denialMessage(subject: string, violations: readonly Violation[]): string {
  const lines = distinctLines(violations, maxReasonBytes);
  const reasons = lines.length === 1 ? '1 reason' : `${lines.length} reasons`;
  const head = `gpugate refused ${clip(printable(subject), maxReasonBytes)} (${reasons}):`;
  const shownLines = lines.slice(0, maxReasons);
  if (shownLines.length < lines.length) {
    shownLines.push(`... and ${lines.length - shownLines.length} more.`);
  }
  return [head, ...shownLines.map((text) => ` ${text}`)].join('\n');
}

/** For `response.warnings`. The API server adds `Warning: ` itself. */
export function warningLines(violations: readonly Violation[]): string[] {
  const lines = distinctLines(violations, maxWarningBytes);
  const kept: string[] = [];
  let bytes = 0;
  for (const [index, text] of lines.entries()) {
    bytes += Buffer.byteLength(text);
    const reserve = index === lines.length - 1 ? 0 : moreBytes;
    if (bytes + reserve > maxWarningsBytes) {
      kept.push(`... and ${lines.length - index} more warnings`);
      break;
    }
    kept.push(text);
  }
  return kept;
}
