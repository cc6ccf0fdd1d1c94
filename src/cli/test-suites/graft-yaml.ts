import { isDeepStrictEqual } from 'node:util';
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { isPlainObject } from '../../api/plain-object.ts';

/**
 * A node with this value that keeps the comments and the style of the old node as far as the two have the same shape.
 * Changes `node`, which belongs to `document`.
 */
export function graft(node: unknown, value: unknown, document: Document.Parsed): Node {
  if (isNode(node) && !isAlias(node) && isDeepStrictEqual(node.toJS(document), value)) return node;
  // An empty collection has no style to keep.
  const isEmpty = (isMap(node) || isSeq(node)) && node.items.length === 0;
  if (isMap(node) && isPlainObject(value) && !isEmpty) return graftMap(node, value, document);
  if (isSeq(node) && Array.isArray(value) && !isEmpty) return graftSeq(node, value, document);
  const fresh = freshNode(value, document);
  if (isNode(node)) {
    fresh.commentBefore = node.commentBefore ?? null;
    fresh.comment = node.comment ?? null;
    if (isScalar(node) && isScalar(fresh) && isText(fresh) && isBlock(node.type)) fresh.type = node.type;
  }
  return fresh;
}

function graftMap(map: YAMLMap, value: Readonly<Record<string, unknown>>, document: Document.Parsed): Node {
  map.items = map.items.filter(({ key }) => isScalar(key) && Object.hasOwn(value, String(key.value)));
  for (const [key, item] of Object.entries(value)) {
    const pair = map.items.find((each) => isScalar(each.key) && String(each.key.value) === key);
    if (pair === undefined) map.items.push(document.createPair(key, freshNode(item, document)));
    else pair.value = graft(pair.value, item, document);
  }
  return map;
}

/** Items that exist already keep their comments, even if they move; changed items of lists are matched by position. */
function graftSeq(seq: YAMLSeq, value: readonly unknown[], document: Document.Parsed): Node {
  const left = [...seq.items];
  const take = (item: unknown): unknown => {
    const index = left.findIndex((each) => isNode(each) && isDeepStrictEqual(each.toJS(document), item));
    return index === -1 ? undefined : left.splice(index, 1)[0];
  };
  const found = value.map(take);
  const isSameLength = seq.items.length === value.length;
  const before = [...seq.items];
  seq.items = value.map((item, index) => {
    if (found[index] !== undefined) return found[index];
    return isSameLength && left.includes(before[index])
      ? graft(before[index], item, document)
      : freshNode(item, document);
  });
  return seq;
}

/** Writes a text of several lines as a literal block, which looks as users will see it. */
function freshNode(value: unknown, document: Document.Parsed): Node {
  const node = document.createNode(value, { aliasDuplicateObjects: false }) as Node;
  if (isScalar(node) && isText(node) && String(node.value).includes('\n')) node.type = Scalar.BLOCK_LITERAL;
  if (isSeq(node))
    for (const [index, item] of (value as readonly unknown[]).entries()) node.items[index] = freshNode(item, document);
  return node;
}

function isText({ value }: Scalar): boolean {
  return typeof value === 'string' && value !== '';
}

function isBlock(type: Scalar.Type | undefined): type is 'BLOCK_LITERAL' | 'BLOCK_FOLDED' {
  return type === Scalar.BLOCK_LITERAL || type === Scalar.BLOCK_FOLDED;
}
