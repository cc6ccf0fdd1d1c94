import type { CliContext } from '../context.ts';
import { grouped } from './text-table.ts';

/** Shows how far the work is on standard error, if that is a terminal. */
export type Progress = {
  readonly report: (done: number, total: number) => void;
  /** Clears the line; to be called before anything else is printed. */
  readonly end: () => void;
};

export type ProgressOptions = {
  /** The work, such as `checking`. */
  readonly label: string;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly show: CliContext['showProgress'];
};

/** Work that ends sooner shows nothing, because a line that disappears at once only flickers. */
const firstShownMs = 300;
/** Ten lines a second look smooth, and a terminal over a slow connection keeps up. */
const intervalMs = 100;
const barWidth = 24;

export function createProgress({ label, now, show }: ProgressOptions): Progress {
  let dueAt = now() + firstShownMs;
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

/** `checking  [############            ]  50%  5,000 of 10,000`: it fits into 80 columns, so that it never wraps. */
export function progressLine(label: string, done: number, total: number): string {
  const share = total <= 0 ? 0 : Math.min(Math.max(done / total, 0), 1);
  const bar = '#'.repeat(Math.floor(share * barWidth)).padEnd(barWidth);
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  return `${label}  [${bar}] ${percent}  ${grouped(done)} of ${grouped(total)}`;
}
