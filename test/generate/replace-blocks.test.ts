import { describe, expect, test } from 'vitest';
import { replaceBlocks } from './replace-blocks.ts';

const text = (content: string) => `# T\n\n<!-- generated:rules -->\n${content}<!-- /generated -->\n\nend\n`;

describe('generated blocks', () => {
  test('are filled between their markers, and filled again without a change', () => {
    const first = replaceBlocks(text(''), { rules: '| $& |\n' });
    expect(first).toEqual({ text: text('\n| $& |\n\n'), problems: [] });
    expect(replaceBlocks(first.text, { rules: '| $& |' })).toEqual(first);
  });

  test('lose what stood there before', () => {
    expect(replaceBlocks(text('old\n'), { rules: 'new' }).text).toBe(text('\nnew\n\n'));
  });

  test('are left alone in an indented example', () => {
    const example = '   <!-- generated:rulez -->\n   <!-- /generated -->\n';
    expect(replaceBlocks(example, {})).toEqual({ text: example, problems: [] });
  });

  const faulty: Readonly<Record<string, readonly [string, readonly string[]]>> = {
    'a block without its markers': [
      'nothing',
      ['block rules is missing; add <!-- generated:rules --> and <!-- /generated -->'],
    ],
    'markers of a block that does not exist': [
      `${text('')}<!-- generated:rulez -->\n<!-- /generated -->`,
      ['block rulez is unknown; known are rules'],
    ],
    'the same block twice': [text('') + text(''), ['block rules is there twice']],
    'a block that never ends': [
      `${text('')}<!-- generated:rules -->\n`,
      ['a block has no <!-- /generated --> behind it'],
    ],
  };
  test.each(Object.entries(faulty))('%s is a problem', (_, [given, problems]) => {
    expect(replaceBlocks(given, { rules: 'new' }).problems).toEqual(problems);
  });
});
