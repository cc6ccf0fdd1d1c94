import type { RawObject } from '../client/client.ts';
import { ApiError } from '../client/api-error.ts';

export type ListMetadata = { readonly resourceVersion?: unknown; readonly continue?: unknown };

/** Decodes one list while it arrives, each item on its own. */
export type ListDecoder = {
  /** Undefined until they have arrived; the API server sends them before the first item. */
  readonly metadata: ListMetadata | undefined;
  /** The items that this piece completes. Throws for anything but a list. */
  readonly decode: (piece: Buffer) => Iterable<RawObject>;
  /** To be called when everything has arrived: the list without its items. Throws for half a list. */
  readonly end: () => { readonly metadata?: ListMetadata };
};

export type WatchEvent = {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: RawObject;
  readonly resourceVersion: string;
};

/** Decodes one watch while it arrives. Throws an ERROR event as ApiError, and throws for anything but an event. */
export type WatchDecoder = {
  /** The events that this piece completes. */
  readonly decode: (piece: Buffer) => Iterable<WatchEvent>;
};

/** An event holds one object, which etcd limits to 3 MB; it is larger as JSON. */
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
