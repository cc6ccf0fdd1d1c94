const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const cleanups = new Set<() => void>();

const cleanUp = (): void => {
  for (const cleanup of cleanups) cleanup();
  cleanups.clear();
};

const onSignal = (signal: NodeJS.Signals): void => {
  // A test runner handles the signal too and shuts down in order: 'exit' follows when it is done.
  if (process.listenerCount(signal) > 1) return;
  cleanUp();
  process.off(signal, onSignal);
  process.kill(process.pid, signal); // now the process ends as usual
};

/** Runs the synchronous cleanup if this process ends before the returned function is called. */
export const onOwnerExit = (cleanup: () => void): (() => void) => {
  if (cleanups.size === 0) {
    process.on('exit', cleanUp);
    // Before all others: a `once` listener that ran earlier would be missing from the count.
    for (const signal of signals) process.prependListener(signal, onSignal);
  }
  cleanups.add(cleanup);
  return () => {
    cleanups.delete(cleanup);
    if (cleanups.size > 0) return;
    process.off('exit', cleanUp);
    for (const signal of signals) process.off(signal, onSignal);
  };
};
