import jsonPatch from 'fast-json-patch';
import type { Operation } from './pod-draft.ts';

/**
 * RFC 6902, as the API server applies it: another object, what was given stays as it is. Throws when it does not fit. The
 * patch is copied, since an operation may write into the value that one before it added.
 */
export function applyPatch(object: unknown, patch: readonly Operation[]): unknown {
  return patch.length === 0 ? object : jsonPatch.applyPatch(object, structuredClone(patch), true, false).newDocument;
}
