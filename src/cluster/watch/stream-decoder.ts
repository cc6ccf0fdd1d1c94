import type { RawObject } from '../client/client.ts';
import { ApiError } from '../client/api-error.ts';

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

export type WatchEvent = {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: RawObject;
  readonly resourceVersion: string;
};

/** Takes one watch apart while it arrives. An ERROR event is thrown as ApiError, and for what is no event it throws too. */
export type WatchDecoder = {
  /** The events that this piece completes. */
  readonly decode: (piece: Buffer) => Iterable<WatchEvent>;
};

/** One event at the most is as large as the largest object: 3 MB in etcd by its own limit, more as JSON. */
export const maxEventBytes = 16 * 1024 * 1024;

export function watchEvent(type: unknown, object: RawObject | null | undefined, excerpt: () => string): WatchEvent {
  if (type === 'ERROR') throw errorOf(object ?? {});
  const resourceVersion = (object?.['metadata'] as RawObject | undefined)?.['resourceVersion'];
  const isKnown = type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED' || type === 'BOOKMARK';
  if (!isKnown || typeof object !== 'object' || object === null || typeof resourceVersion !== 'string') {
    throw new Error(`the API server sent something that is not an event: ${excerpt()}`);
  }
  return { type, object, resourceVersion };
}

/** `object` is a metav1.Status. */
function errorOf({ code, reason, message }: RawObject): ApiError {
  const text = typeof message === 'string' ? message : 'no reason given';
  return new ApiError(`the watch ended: ${text}`, {
    status: typeof code === 'number' ? code : 500,
    reason: typeof reason === 'string' ? reason : '',
  });
}
