/** Whether this replica can decide, and if not, what is missing: a short sentence for each reason. */
export type Readiness = { readonly ready: boolean; readonly reasons: readonly string[] };

export const isReady: Readiness = Object.freeze({ ready: true, reasons: Object.freeze([]) });

export function isNotReady(...reasons: readonly string[]): Readiness {
  return { ready: false, reasons };
}

/** Ready when every source is ready; otherwise lists the reasons of all of them. */
export function allReady(...sources: readonly (() => Readiness)[]): () => Readiness {
  return () => {
    const missing = sources.map((source) => source()).filter(({ ready }) => !ready);
    return missing.length === 0 ? isReady : isNotReady(...missing.flatMap(({ reasons }) => reasons));
  };
}
