import { describe, expect, test } from 'vitest';
import { codeBlocks, firstCells, headingAnchors, inlineCode, linksOf, shellCommands, tableUnder } from './markdown.ts';

const fenced = (language: string, text: string) => `\`\`\`${language}\n${text}\n\`\`\`\n`;

describe('of a page', () => {
  test('code blocks are found, and in a list without their indent', () => {
    const page = `${fenced('sh', 'a\nb')}\n1. Do:\n\n   \`\`\`yaml\n   a:\n     b: 1\n   \`\`\`\n`;
    expect(codeBlocks(page)).toEqual([
      { language: 'sh', text: 'a\nb' },
      { language: 'yaml', text: 'a:\n  b: 1' },
    ]);
  });

  test('links and inline code are found, and none in code blocks', () => {
    const page = `[a](b.md#c) and \`--flag\`\n${fenced('sh', '[no](link) `no code`')}`;
    expect(linksOf(page)).toEqual(['b.md#c']);
    expect(inlineCode(page)).toEqual(['--flag']);
  });

  test('headings become the anchors that GitHub makes of them', () => {
    const page = `# What's new, in \`gpugate test\`?\n## Rule a-b\n## Same\n## Same\n${fenced('sh', '# no heading')}`;
    expect([...headingAnchors(page)]).toEqual(['whats-new-in-gpugate-test', 'rule-a-b', 'same', 'same-1']);
  });

  test('tables are found by their first column', () => {
    const page = '| a | b |\n| --- | --- |\n| 1 | 2 |\n\n| name | b |\n| --- | --- |\n| `x` | 3 |\n| y | 4 |\n\nend\n';
    expect(firstCells(page, 'name')).toEqual(['`x`', 'y']);
    expect(tableUnder(page, 'a')).toEqual([['1', '2']]);
    expect(() => firstCells(page, 'none')).toThrow('no table begins with the column none');
  });
});

describe('shell commands', () => {
  const lines: Readonly<Record<string, readonly [string, readonly (readonly string[])[]]>> = {
    'are split at pipes and ends': ['a -x | b && c > d', [['a', '-x'], ['b'], ['c'], ['d']]],
    'lose comments': ["a '# kept' # lost", [['a', '# kept']]],
    'keep what is quoted together': [`patch -p '{"a": 1}' b`, [['patch', '-p', '{"a": 1}', 'b']]],
    'may stand in another command': [
      'source <(gpugate completion bash)',
      [['source'], ['gpugate', 'completion', 'bash']],
    ],
  };
  test.each(Object.entries(lines))('%s', (_, [line, commands]) => {
    expect(shellCommands(fenced('sh', line))).toEqual(commands);
  });

  test('of a console are what stands behind the prompt', () => {
    expect(shellCommands(fenced('console', '$ a b\noutput | more'))).toEqual([['a', 'b']]);
    expect(shellCommands(fenced('yaml', 'a: b'))).toEqual([]);
  });
});
