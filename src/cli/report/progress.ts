import type { CliContext } from '../program.ts';
import { grouped } from './grouped-number.ts';

/** One tells it how far the work is; it shows that on standard error, where that is a terminal. */
export type Progress = {
  readonly report: (done: number, total: number) => void;
  /** Takes the line away; before anything else is printed. */
  readonly end: () => void;
};

export type ProgressOptions = {
  /** What goes on, such as `checking`. */
  readonly label: string;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly show: CliContext['showProgress'];
};

/** What is over sooner shows nothing: a line that comes and goes at once only flickers. */
const patienceMs = 300;
/** Ten a second look smooth; a terminal over a slow line still keeps up. */
const intervalMs = 100;
const barWidth = 24;

export function createProgress({ label, now, show }: ProgressOptions): Progress {
  let dueAt = now() + patienceMs;
  let isShown = false;
  return {
    report: (done, total) => {
      const at = now();
      if (at < dueAt) return;
      dueAt = at + intervalMs;
      isShown = true;
      show(progressLine(label, done, total));
    },
    end: () => {
      if (isShown) show('');
      isShown = false;
    },
  };
}

/** `checking  [############            ]  50%  5,000 of 10,000`: 80 columns hold it, so that it never wraps. */
export function progressLine(label: string, done: number, total: number): string {
  const share = total <= 0 ? 0 : Math.min(Math.max(done / total, 0), 1);
  const bar = '#'.repeat(Math.floor(share * barWidth)).padEnd(barWidth);
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  return `${label}  [${bar}] ${percent}  ${grouped(done)} of ${grouped(total)}`;
}
