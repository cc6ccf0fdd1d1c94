export type ReloadLoopOptions = {
  readonly intervalMs: number;
  /** Called for every look that failed. The loop goes on. */
  readonly onError: (error: unknown) => void;
};

/** Runs all looks at every interval, never two runs at a time. `stop` resolves when the last run has ended. */
export function startReloadLoop(
  looks: readonly (() => Promise<unknown>)[],
  { intervalMs, onError }: ReloadLoopOptions,
): { stop(): Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  let isBusy = false;
  const run = async (): Promise<void> => {
    // One look that fails must not stop the others: certificates are renewed even when a policy is invalid.
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
