const block = /(<!-- generated:([a-z-]+) -->\n)([\s\S]*?)(<!-- \/generated -->)/g;

export type ReplacedBlocks = { readonly text: string; readonly faults: readonly string[] };

/** Fills `<!-- generated:NAME -->` ... `<!-- /generated -->`. A block without a marker, and the other way round, is a fault. */
export function replaceBlocks(text: string, blocks: Readonly<Record<string, string>>): ReplacedBlocks {
  const found = new Set<string>();
  const faults: string[] = [];
  const replaced = text.replaceAll(block, (whole, open: string, name: string, _: string, close: string) => {
    if (found.has(name)) faults.push(`block ${name} is there twice`);
    found.add(name);
    const content = blocks[name];
    if (content === undefined) faults.push(`block ${name} is unknown; known are ${Object.keys(blocks).join(', ')}`);
    return content === undefined ? whole : `${open}\n${content.trim()}\n\n${close}`;
  });
  const opened = text.match(/<!-- generated:/g)?.length ?? 0;
  if (opened > (text.match(block)?.length ?? 0)) faults.push('a block has no <!-- /generated --> behind it');
  for (const name of Object.keys(blocks)) {
    if (!found.has(name))
      faults.push(`block ${name} is missing; put <!-- generated:${name} --> and <!-- /generated -->`);
  }
  return { text: replaced, faults };
}
