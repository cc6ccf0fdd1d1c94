import { describe, expect, test } from 'vitest';
import { replaceBlocks } from './replace-blocks.ts';

const text = (content: string) => `# T\n\n<!-- generated:rules -->\n${content}<!-- /generated -->\n\nend\n`;

describe('generated blocks', () => {
  test('are filled between their markers, and filled again without a change', () => {
    const first = replaceBlocks(text(''), { rules: '| $& |\n' });
    expect(first).toEqual({ text: text('\n| $& |\n\n'), faults: [] });
    expect(replaceBlocks(first.text, { rules: '| $& |' })).toEqual(first);
  });

  test('lose what stood there before', () => {
    expect(replaceBlocks(text('old\n'), { rules: 'new' }).text).toBe(text('\nnew\n\n'));
  });

  const faulty: Readonly<Record<string, readonly [string, readonly string[]]>> = {
    'a block without its markers': [
      'nothing',
      ['block rules is missing; put <!-- generated:rules --> and <!-- /generated -->'],
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
  test.each(Object.entries(faulty))('%s is a fault', (_, [given, faults]) => {
    expect(replaceBlocks(given, { rules: 'new' }).faults).toEqual(faults);
  });
});
