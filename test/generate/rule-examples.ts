import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** The fixtures of one rule: what passes and what fails, and the answer to what fails. */
export type FixtureFolder = {
  /** Holds a folder for each rule. */
  readonly root: string;
  /** Where the page stands that shows them. */
  readonly pageFolder: string;
};

export type Examples = { readonly blocks: Readonly<Record<string, string>>; readonly problems: readonly string[] };

const marker = /^<!-- generated:(fixture ([a-z0-9-]+)\/(pass|fail)\/([a-z0-9-]+)) -->/gm;

/**
 * The fixtures that a page asks for by markers such as `<!-- generated:fixture gpu-mixed/pass/two-mig-profiles -->`.
 * The author of a rule chooses which ones explain it best; at least one that passes and one that fails.
 */
export function ruleExamples(page: string, ruleIds: readonly string[], folder: FixtureFolder): Examples {
  const blocks: Record<string, string> = {};
  const problems: string[] = [];
  const shown = new Set<string>();
  for (const [, name = '', rule = '', outcome = '', fixture = ''] of page.matchAll(marker)) {
    const file = join(folder.root, rule, outcome, `${fixture}.yaml`);
    if (!existsSync(file)) {
      problems.push(`there is no fixture ${rule}/${outcome}/${fixture}.yaml`);
      continue;
    }
    shown.add(`${rule}/${outcome}`);
    blocks[name] = renderFixture(file, fixture.replaceAll('-', ' '), folder.pageFolder);
  }
  for (const rule of ruleIds) {
    for (const outcome of ['pass', 'fail']) {
      if (shown.has(`${rule}/${outcome}`)) continue;
      problems.push(
        `no fixture of rule ${rule} shows what ${outcome === 'pass' ? 'passes' : 'fails'}; ` +
          `add <!-- generated:fixture ${rule}/${outcome}/NAME --> and <!-- /generated -->`,
      );
    }
  }
  return { blocks, problems };
}

function fence(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
}

function renderFixture(file: string, sentence: string, pageFolder: string): string {
  const answer = file.replace(/\.yaml$/, '.txt');
  const link = `[${sentence}](${relative(pageFolder, file)})`;
  const yaml = fence('yaml', readFileSync(file, 'utf8'));
  return existsSync(answer)
    ? `Fails: ${link}\n\n${yaml}\n\n${fence('text', readFileSync(answer, 'utf8'))}`
    : `Passes: ${link}\n\n${yaml}`;
}
