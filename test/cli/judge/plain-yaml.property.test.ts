import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { parseYaml } from '../../../src/text/yaml-document.ts';
import { readPlainYaml } from '../../../src/cli/judge/plain-yaml.ts';

/** Whatever the fast reader takes, the library reads the same way, without a problem or a remark. Returns what it took. */
function compare(text: string): unknown {
  const read = readPlainYaml(text);
  if (read === undefined) return undefined;
  const [document, ...others] = parseYaml(text, 'kubectl');
  expect({ text, others, problems: document?.problems, remarks: document?.remarks }).toEqual({
    text,
    others: [],
    problems: [],
    remarks: [],
  });
  expect(read.value).toEqual(document?.value);
  expect(JSON.stringify(read.value)).toBe(JSON.stringify(document?.value));
  expect({ line: read.line, column: read.column }).toEqual(document?.locate([]));
  return read;
}

const word = fc.constantFrom(
  ...[
    'a',
    'name',
    'nvidia.com/gpu',
    'on',
    'off',
    'y',
    '1',
    '010',
    '1e3',
    '~',
    'null',
    'true',
    '100m',
    '',
    '- a',
    '-',
    '# a',
  ],
  ...[
    'a b',
    'a: b',
    'a:b',
    'a #b',
    'a#b',
    "'a'",
    '"a"',
    '"a\\n"',
    "'a''b'",
    '[a]',
    '{a: b}',
    '[a, b]',
    '{ a: 1, b: [x] }',
  ],
  ...[
    '*a',
    '&a',
    '!a',
    '|',
    '>',
    '>-',
    '@a',
    '`a',
    '%a',
    '---',
    '...',
    '?',
    ':',
    '? a',
    ',',
    'a,b',
    '$(A)',
    '/x',
    '.5',
    '<<',
  ],
  ...[
    '{}',
    '[]',
    '[ ]',
    '{ }',
    '[a,b]',
    '{a: b, a: c}',
    '{a}',
    '{"a": b}',
    '[a, ]',
    'x:1',
    'a:',
    '[x:1, y@2]',
    'é',
    '\u00a0',
    '\t',
  ],
);
const scalar = fc.oneof(
  fc.constantFrom('a', 'job-7', '1Gi', 'registry.example/x:1', '50', ''),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);
const key = fc.constantFrom('name', 'a', 'b', 'nvidia.com/gpu', 'spec', 'x-y');
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  ),
}));
const written = fc
  .tuple(fc.dictionary(key, value, { minKeys: 1 }), fc.boolean())
  .map(([object, indentSeq]) => stringify(object, { indentSeq }));

/** A slip of the pen in one line of a text. */
type Slip = (line: string) => readonly string[];
const slip: fc.Arbitrary<Slip> = fc.oneof(
  word.map((text): Slip => (line) => [line.replace(/[^ :]*$/, () => text)]),
  word.map((text): Slip => (line) => [line.replace(/[^ :-]+/, () => text)]),
  word.map((text): Slip => (line) => [line, `${' '.repeat(line.search(/[^ ]|$/))}${text}`]),
  fc.constantFrom(' ', '  ', '    ', '- ').map((text): Slip => (line) => [`${text}${line}`]),
  fc.constantFrom<Slip>(
    (line) => [line.replace(/^ {1,2}/, '')],
    (line) => [line, line],
    (line) => [line, '', '  # a comment', line.replace('a', 'b')],
    (line) => [`${line} # a comment`],
    (line) => [`${line}  `],
    (line) => [line.replace(': ', ':  ')],
    (line) => [line.replace(': ', ':')],
    (line) => [line.replace(/:.*/, ':')],
    () => [],
  ),
);
const slips = fc.array(fc.tuple(fc.nat(), slip), { maxLength: 3 });

test('never reads anything otherwise than the library, whatever the text', () => {
  let read = 0;
  const numRuns = 10_000;
  fc.assert(
    fc.property(written, slips, fc.constantFrom('\n', '\r\n'), (text, changes, end) => {
      const lines = text.split('\n');
      for (const [place, change] of changes) {
        const at = place % lines.length;
        lines.splice(at, 1, ...change(lines[at] ?? ''));
      }
      if (compare(lines.join(end)) !== undefined) read += 1;
    }),
    { numRuns },
  );
  // Or else this has shown little.
  expect(read).toBeGreaterThan(numRuns / 10);
});

test('reads most of what the library writes', () => {
  const texts = fc.sample(written, { numRuns: 1000, seed: 1 });
  expect(texts.filter((text) => compare(text) !== undefined).length).toBeGreaterThan(400);
});

test('reads every example', () => {
  const examples = join(import.meta.dirname, '../../../manifests/examples/pods');
  for (const file of readdirSync(examples)) expect(compare(readFileSync(join(examples, file), 'utf8'))).toBeDefined();
});
