/** The cluster that was to be asked for facts does not answer: nothing was judged, and nothing failed. */
export class MissingFacts extends Error {}
