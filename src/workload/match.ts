import picomatch from 'picomatch';
import type { LabelSelector } from '../api/fields.ts';
import { ownValue, type Labels } from './pod.ts';

/**
 * Globs of namespaces, users and groups. These names are not paths, so `*` matches any characters, including `/` and
 * `:`. An empty list matches nothing.
 */
export function compileGlobs(globs: readonly string[]): (name: string) => boolean {
  if (globs.includes('*')) return () => true;
  const exact = new Set(globs.filter((glob) => !isWild(glob)));
  const matchers = globs.filter(isWild).map(compileWild);
  if (matchers.length === 0) return (name) => exact.has(name);
  return (name) => exact.has(name) || matchers.some((matches) => matches(name));
}

/** Only these make a glob, because user names often contain `@`, `+`, `(` and `!`. */
const wildCharacters = /[*?[\]{}]/;

function isWild(glob: string): boolean {
  return wildCharacters.test(glob);
}

function compileWild(glob: string): (name: string) => boolean {
  if (/[?[\]{}]/.test(glob)) return picomatch(glob, { bash: true, dot: true, nonegate: true, noextglob: true });
  const [head = '', ...rest] = glob.split('*');
  const tail = rest.pop() ?? '';
  if (rest.length === 0 && tail === '') return (name) => name.startsWith(head);
  return (name) => matchesPieces(name, head, rest, tail);
}

/** Not a regular expression, so that it is linear in the name, which any user can choose. */
function matchesPieces(name: string, head: string, middle: readonly string[], tail: string): boolean {
  if (!name.startsWith(head) || !name.endsWith(tail)) return false;
  const end = name.length - tail.length;
  let position = head.length;
  for (const piece of middle) {
    const found = name.indexOf(piece, position);
    if (found === -1) return false;
    position = found + piece.length;
  }
  return position <= end;
}

/** Label selectors of Kubernetes: every requirement must hold. NotIn and DoesNotExist hold when the key is absent. */
export function compileSelector(selector: LabelSelector): (labels: Labels) => boolean {
  const requirements = [
    ...Object.entries(selector.matchLabels).map(
      ([key, value]) =>
        (labels: Labels) =>
          ownValue(labels, key) === value,
    ),
    ...selector.matchExpressions.map(compileRequirement),
  ];
  return (labels) => requirements.every((holds) => holds(labels));
}

function compileRequirement({
  key,
  operator,
  values,
}: LabelSelector['matchExpressions'][number]): (labels: Labels) => boolean {
  const among = new Set(values);
  const isAmong = (value: string | undefined): boolean => value !== undefined && among.has(value);
  switch (operator) {
    case 'In':
      return (labels) => isAmong(ownValue(labels, key));
    case 'NotIn':
      return (labels) => !isAmong(ownValue(labels, key));
    case 'Exists':
      return (labels) => Object.hasOwn(labels, key);
    case 'DoesNotExist':
      return (labels) => !Object.hasOwn(labels, key);
  }
}
