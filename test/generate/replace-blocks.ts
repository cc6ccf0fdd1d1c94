/** At the beginning of lines: a page may show markers in an indented example. */
const block = /^(<!-- generated:([a-z][a-z0-9/ -]*) -->\n)([\s\S]*?)^(<!-- \/generated -->)/gm;

export type ReplacedBlocks = { readonly text: string; readonly problems: readonly string[] };

/** Fills each `<!-- generated:NAME -->` ... `<!-- /generated -->`. A block without markers is a problem, and so are markers without a block. */
export function replaceBlocks(text: string, blocks: Readonly<Record<string, string>>): ReplacedBlocks {
  const found = new Set<string>();
  const problems: string[] = [];
  const replaced = text.replaceAll(block, (whole, open: string, name: string, _: string, close: string) => {
    if (found.has(name)) problems.push(`block ${name} is there twice`);
    found.add(name);
    const content = blocks[name];
    if (content === undefined) problems.push(`block ${name} is unknown; known are ${Object.keys(blocks).join(', ')}`);
    return content === undefined ? whole : `${open}\n${content.trim()}\n\n${close}`;
  });
  const opened = text.match(/^<!-- generated:/gm)?.length ?? 0;
  if (opened > (text.match(block)?.length ?? 0)) problems.push('a block has no <!-- /generated --> behind it');
  for (const name of Object.keys(blocks)) {
    if (!found.has(name))
      problems.push(`block ${name} is missing; add <!-- generated:${name} --> and <!-- /generated -->`);
  }
  return { text: replaced, problems };
}
