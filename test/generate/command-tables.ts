import type { Argument, Command, Option } from 'commander';
import { code, markdownTable } from './markdown-table.ts';

/** Every command that does something, in the order of the help: a command with commands of its own only groups them. */
export function* commandsOf(command: Command, path = command.name()): Generator<readonly [string, Command]> {
  for (const child of command.commands) {
    const name = `${path} ${child.name()}`;
    if (child.commands.length > 0) yield* commandsOf(child, name);
    else yield [name, child];
  }
}

export function renderCommands(program: Command): string {
  const rows = Array.from(commandsOf(program), ([name, command]) => [code(name), command.description()]);
  return markdownTable(['Command', 'What it does'], rows);
}

/** As a user would write it; nothing for a switch that is off. */
function defaultText(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return code(String(value));
  if (Array.isArray(value)) return value.map(defaultText).join(', ');
  if (typeof value !== 'object' || value === null) return '';
  const pairs = Object.entries(value).map(([key, item]) => `${key}=${String(item)}`);
  return code(pairs.join(','));
}

/** Choices are part of what commander prints behind a description. */
function meaningOf({
  description,
  argChoices,
}: Pick<Option | Argument, 'description'> & { argChoices?: readonly string[] }) {
  return argChoices === undefined ? description : `${description}: ${argChoices.map(code).join(', ')}`;
}

/** How one command is called: its arguments, then its flags, without --help. */
export function renderCommand(name: string, command: Command): string {
  const argumentRows = command.registeredArguments.map((argument) => [
    code(argument.name()),
    defaultText(argument.defaultValue),
    meaningOf(argument),
  ]);
  const optionRows = command.options.map((option) => [
    code(option.flags),
    option.defaultValueDescription ?? defaultText(option.defaultValue),
    meaningOf(option),
  ]);
  const rows = [...argumentRows, ...optionRows];
  const usage = `\`\`\`text\n${name} ${command.usage()}\n\`\`\``;
  return rows.length === 0 ? usage : `${usage}\n\n${markdownTable(['Argument or flag', 'Default', 'Meaning'], rows)}`;
}
