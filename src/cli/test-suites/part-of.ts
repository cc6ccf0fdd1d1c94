import { isPlainObject } from '../../api/plain-object.ts';

/**
 * Of `value` only the fields that `shape` names, however deep, so that both are equal when all of them are. Lists are
 * taken item by item; items that the shape does not have are taken whole.
 */
export function partOf(value: unknown, shape: unknown): unknown {
  if (Array.isArray(value) && Array.isArray(shape)) {
    return value.map((item: unknown, index): unknown => (index < shape.length ? partOf(item, shape[index]) : item));
  }
  if (!isPlainObject(value) || !isPlainObject(shape)) return value;
  const keys = Object.keys(shape).filter((key) => Object.hasOwn(value, key));
  return Object.fromEntries(keys.map((key) => [key, partOf(value[key], shape[key])]));
}
