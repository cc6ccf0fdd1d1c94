import type { RawObject } from '../client/raw-object.ts';

export type ListMetadata = { readonly resourceVersion?: unknown; readonly continue?: unknown };

/** Takes one list apart while it arrives: every item on its own. */
export type ListDecoder = {
  /** Undefined until it has arrived, which with the API server is before the first item. */
  readonly metadata: ListMetadata | undefined;
  /** The items that this piece completes. Throws for what is no list. */
  readonly decode: (piece: Buffer) => Iterable<RawObject>;
  /** When everything has arrived: the list without its items. Throws for half a list. */
  readonly end: () => { readonly metadata?: ListMetadata };
};
