/** Whether this replica can decide, and if not, what is missing: one short sentence each. */
export type Readiness = { readonly ready: boolean; readonly reasons: readonly string[] };

export const isReady: Readiness = Object.freeze({ ready: true, reasons: Object.freeze([]) });

export function isNotReady(...reasons: readonly string[]): Readiness {
  return { ready: false, reasons };
}

/** Ready when every source is; lists what is missing in all of them. */
export function allReady(...sources: readonly (() => Readiness)[]): () => Readiness {
  return () => {
    const missing = sources.map((source) => source()).filter(({ ready }) => !ready);
    return missing.length === 0 ? isReady : isNotReady(...missing.flatMap(({ reasons }) => reasons));
  };
}
