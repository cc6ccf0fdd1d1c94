const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const cleanups = new Set<() => void>();

const cleanUp = (): void => {
  for (const cleanup of cleanups) cleanup();
  cleanups.clear();
};

const onSignal = (signal: NodeJS.Signals): void => {
  // Somebody else handles the signal too, a test runner that shuts down in order: 'exit' follows when it is done.
  if (process.listenerCount(signal) > 1) return;
  cleanUp();
  process.off(signal, onSignal);
  process.kill(process.pid, signal); // now to its usual end
};

/** Runs the (synchronous) cleanup if this process ends before the returned function has been called. */
export const onOwnerExit = (cleanup: () => void): (() => void) => {
  if (cleanups.size === 0) {
    process.on('exit', cleanUp);
    // First in line: a listener that is there `once` would be gone from the count after its turn.
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
