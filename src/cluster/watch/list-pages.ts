import type { RawObject } from '../client/client.ts';
import type { Clock } from '../client/retry.ts';
import type { ListWatch } from './list-watch.ts';

/**
 * client-go's. The size of a page delays nobody here, because its items are read one by one as they arrive; and to find
 * one page among 100,000 pods costs the API server 36 ms, whether it has 50 pods or 500.
 */
const defaultPageSize = 500;

/**
 * Nobody waits for a list that repeats an earlier one, but admissions wait for the processor that it keeps busy. So it
 * pauses after each piece that arrives, and after each page for the sake of the API server, each time for as long as
 * that took. The bar: p99 of 5 ms or less at 1,000 reviews a second, also while a relist runs (bench path).
 */
const pauseRatio = 1;

/** While a piece waits, the API server may have to keep the rest of its page. */
const maxPiecePauseMs = 100;

/** A page must be read within 60 s (see client.ts); one that is older than this is read without pauses. */
const maxPacedPageMs = 20_000;

export type PageList = {
  readonly listWatch: Pick<ListWatch, 'list'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly pageSize?: number | undefined;
  /** Whether pieces are paced at all; they are not in the first list, for which readiness waits. */
  readonly isPaced: boolean;
  /** Asked before each pause: true leaves it out. */
  readonly isHurried: () => boolean;
  readonly onItem: (item: RawObject, resourceVersion: string) => void;
  readonly onPage: (bytes: number) => void;
};

/** Lists every page of a resource. Returns the version of the list, which all pages share. Throws ApiError. */
export async function listPages(options: PageList): Promise<string> {
  const { listWatch, clock, signal, pageSize = defaultPageSize, isPaced, isHurried, onItem, onPage } = options;
  let continueToken: string | undefined;
  for (;;) {
    const start = clock.now();
    const rest = isPaced ? { rest: piecePauses(clock, signal, isHurried) } : {};
    const page = await listWatch.list({ limit: pageSize, continueToken, signal, ...rest }, onItem);
    onPage(page.bytes);
    continueToken = page.continueToken;
    if (continueToken === undefined) return page.resourceVersion;
    if (!isHurried()) await clock.sleep((clock.now() - start) * pauseRatio, signal);
  }
}

/** The pauses after the pieces of a page that is requested now. */
function piecePauses(clock: Clock, signal: AbortSignal, isHurried: () => boolean): () => Promise<void> {
  const start = clock.now();
  let workStart = start;
  return async () => {
    const now = clock.now();
    if (isHurried() || now - start > maxPacedPageMs) return;
    await clock.sleep(Math.min((now - workStart) * pauseRatio, maxPiecePauseMs), signal);
    workStart = clock.now();
  };
}
