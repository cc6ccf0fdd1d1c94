export type ReloadLoopOptions = {
  readonly intervalMs: number;
  /** Hears of every look that failed; the loop goes on. */
  readonly onError: (error: unknown) => void;
};

/** Runs all looks again and again, never twice at a time; resolves the stop when the last run has ended. */
export function startReloadLoop(
  looks: readonly (() => Promise<unknown>)[],
  { intervalMs, onError }: ReloadLoopOptions,
): { stop(): Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  let isBusy = false;
  const run = async (): Promise<void> => {
    // One that fails must not keep the others from looking: certificates are renewed whatever the policies say.
    const results = await Promise.allSettled(looks.map(async (look) => look()));
    for (const result of results) if (result.status === 'rejected') onError(result.reason);
    isBusy = false;
  };
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    running = run();
  }, intervalMs);
  timer.unref();
  return {
    stop: () => {
      clearInterval(timer);
      return running;
    },
  };
}
