import { Argument, Command, Option } from 'commander';
import { describe, expect, test } from 'vitest';
import { candidatesFor, formatCandidates } from '../../../src/cli/completion/candidates.ts';
import { completionScripts } from '../../../src/cli/completion/completion-command.ts';
import { programInMemory } from '../../support/program-in-memory.ts';

function example(): Command {
  const root = new Command('tool');
  root
    .command('judge')
    .description('judge files')
    .argument('[files...]')
    .addOption(new Option('-o, --output <form>', 'form').choices(['text', 'json']))
    .addOption(new Option('--by <views...>', 'tables').choices(['user', 'node']))
    .addOption(new Option('--secret <x>').hideHelp())
    .option('--watch', 'go on');
  root.command('shell').addArgument(new Argument('<which>').choices(['bash', 'zsh']));
  return root;
}

async function completed(...words: string[]): Promise<string> {
  const { values, takesFile } = await candidatesFor({ root: example(), define: async () => undefined, words });
  return [...values.map(({ value }) => value), ...(takesFile ? ['FILE'] : [])].join(' ');
}

describe('what may come next', () => {
  test.each([
    ['the commands', [''], 'judge shell'],
    ['the commands where there is no word at all', [], 'judge shell'],
    ['the flags, less those that help hides', ['judge', '-'], '--output --by --watch --help'],
    ['the flags of the root', ['--'], '--help'],
    ['the values of a short flag', ['judge', '-o', ''], 'text json'],
    ['the values of a flag with =', ['judge', '--output=j'], '--output=json'],
    ['nothing for a flag with = that there is not', ['judge', '--nope=j'], ''],
    ['an operand behind a flag with its value', ['judge', '-o', 'json', ''], 'FILE'],
    ['an operand behind a flag without a value', ['judge', '--watch', ''], 'FILE'],
    ['more values of a flag that takes several', ['judge', '--by', 'user', ''], 'user node'],
    ['flags behind a flag that takes several', ['judge', '--by', 'user', '--w'], '--watch'],
    ['values of the flag behind one that takes several', ['judge', '--by', 'user', '-o', ''], 'text json'],
    ['more files', ['judge', 'a.yaml', 'b.yaml', ''], 'FILE'],
    ['files only behind --', ['judge', '--', '-'], 'FILE'],
    ['the choices of an argument', ['shell', ''], 'bash zsh'],
    ['nothing behind the last argument', ['shell', 'zsh', ''], ''],
    ['no command behind a wrong one', ['nope', ''], ''],
  ] as const)('%s', async (_, words, wanted) => {
    expect(await completed(...words)).toBe(wanted);
  });
});

test('candidates are told as kubectl reads them', () => {
  const values = [{ value: 'usage', description: 'show who' }];
  expect(formatCandidates({ values, takesFile: false })).toBe('usage\tshow who\n:4\n');
  expect(formatCandidates({ values: [], takesFile: true })).toBe(':0\n');
});

test('a command is loaded when its words are completed', async () => {
  const root = example();
  const judge = root.commands[0];
  const define = async (command: Command) => void command.option('--late');
  const { values } = await candidatesFor({ root, define, words: ['judge', '--la'] });
  expect(values).toEqual([{ value: '--late', description: '' }]);
  expect(judge?.options.some(({ long }) => long === '--late')).toBe(true);
});

test('each shell that the command takes has a script, which asks the program that was typed', async () => {
  const program = await programInMemory();
  const argument = program.commands.find((one) => one.name() === 'completion')?.registeredArguments[0];
  expect(argument?.argChoices).toEqual(['bash', 'zsh', 'fish']);
  for (const script of Object.values(completionScripts))
    expect(script).toMatch(/\bwords?\b.* __complete |COMP_WORDS\[0\]\}" __complete /i);
});
