/** The table below has a cell for each pair of lines; nobody reads a longer diff. */
const maxPairs = 4_000_000;

/** How many unchanged lines are shown around each change. */
const contextLines = 3;

type Edit = { readonly mark: '-' | '+' | ' '; readonly line: string };

/**
 * Lines that begin with `- ` (expected, but missing), `+ ` (present, but not expected) or two spaces; only the unchanged
 * lines near changes are shown. Empty if both texts are the same.
 */
export function lineDiff(wanted: string, got: string): readonly string[] {
  if (wanted === got) return [];
  return shorten(editsOf(wanted.split('\n'), got.split('\n')));
}

function editsOf(wanted: readonly string[], got: readonly string[]): readonly Edit[] {
  const removed = (line: string): Edit => ({ mark: '-', line });
  const added = (line: string): Edit => ({ mark: '+', line });
  if (wanted.length * got.length > maxPairs) return [...wanted.map(removed), ...got.map(added)];
  const common = commonLengths(wanted, got);
  const edits: Edit[] = [];
  let [i, j] = [0, 0];
  while (i < wanted.length || j < got.length) {
    const [a, b] = [wanted[i], got[j]];
    if (a !== undefined && a === b) {
      edits.push({ mark: ' ', line: a });
      i += 1;
      j += 1;
    } else if (a !== undefined && (b === undefined || common(i + 1, j) >= common(i, j + 1))) {
      edits.push(removed(a));
      i += 1;
    } else {
      edits.push(added(b ?? ''));
      j += 1;
    }
  }
  return edits;
}

/** The length of the longest common subsequence of the lines from `i` and `j` on. */
function commonLengths(a: readonly string[], b: readonly string[]): (i: number, j: number) => number {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  return at;
}

function shorten(edits: readonly Edit[]): readonly string[] {
  const changes = edits.flatMap(({ mark }, index) => (mark === ' ' ? [] : [index]));
  const isNear = new Set(
    changes.flatMap((index) => Array.from({ length: 2 * contextLines + 1 }, (_, step) => index - contextLines + step)),
  );
  const lines: string[] = [];
  for (const [index, { mark, line }] of edits.entries()) {
    if (isNear.has(index)) lines.push(`${mark} ${line}`);
    else if (index === 0 || isNear.has(index - 1)) lines.push('  ...');
  }
  return lines;
}
