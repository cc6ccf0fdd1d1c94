/** What the tests of the documentation read out of a page. Only what GitHub's dialect and our own pages use. */

export type CodeBlock = { readonly language: string; readonly text: string };

const fence = /^( *)```([a-z]*)\n([^]*?)\n\1```$/gm;

export function codeBlocks(page: string): readonly CodeBlock[] {
  return Array.from(page.matchAll(fence), ([, indent = '', language = '', text = '']) => ({
    language,
    text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }));
}

function prose(page: string): string {
  return page.replaceAll(fence, '');
}

export function inlineCode(page: string): readonly string[] {
  return Array.from(prose(page).matchAll(/`([^`\n]+)`/g), ([, code = '']) => code);
}

export function linksOf(page: string): readonly string[] {
  return Array.from(prose(page).matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => target);
}

/** The anchors that GitHub makes of headings: in lower case, without punctuation, with dashes for spaces. */
export function headingAnchors(page: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of prose(page).matchAll(/^#{1,6} (.+)$/gm)) {
    const slug = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let repeat = 1; anchors.has(anchor); repeat++) anchor = `${slug}-${repeat}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** First cells of the table whose header begins with that column. */
export function firstCells(page: string, column: string): readonly string[] {
  return tableUnder(page, column).map(([first = '']) => first);
}

/** The rows of the table whose header begins with that column, cell by cell. */
export function tableUnder(page: string, column: string): readonly (readonly string[])[] {
  const lines = page.split('\n');
  const header = lines.findIndex((line) => new RegExp(`^\\| ${column} +\\|`).test(line));
  if (header < 0) throw new Error(`no table begins with the column ${column}`);
  const end = lines.findIndex((line, index) => index > header && !line.startsWith('|'));
  return lines.slice(header + 2, end < 0 ? undefined : end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/**
 * The commands of shell blocks and of the prompts in consoles, as words: `a | b && c` are three of them. Comments,
 * redirections and quotes are understood as far as our pages use them.
 */
export function shellCommands(page: string): readonly (readonly string[])[] {
  const lines = codeBlocks(page).flatMap(({ language, text }) => {
    if (language === 'sh') return text.split('\n');
    if (language !== 'console') return [];
    return text.split('\n').flatMap((line) => (line.startsWith('$ ') ? [line.slice(2)] : []));
  });
  return lines.flatMap((line) => {
    const words = line.match(/'[^']*'|"[^"]*"|(?:[^\s'"]|'[^']*'|"[^"]*")+/g) ?? [];
    const comment = words.findIndex((word) => word.startsWith('#'));
    return splitCommands(comment < 0 ? words : words.slice(0, comment));
  });
}

function splitCommands(words: readonly string[]): readonly (readonly string[])[] {
  const commands: string[][] = [[]];
  for (const word of words) {
    if (['|', '&&', ';', '>', '<'].includes(word)) commands.push([]);
    else if (word.startsWith('<(')) commands.push([word.slice(2)]);
    else commands.at(-1)?.push(word.replace(/\)$/, '').replaceAll(/^'|'$/g, ''));
  }
  return commands.filter(({ length }) => length > 0);
}
