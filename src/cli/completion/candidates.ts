import type { Argument, Command, Option } from 'commander';

export type Candidate = { readonly value: string; readonly description: string };

/** What may stand in the place of the last word. */
export type Candidates = {
  readonly values: readonly Candidate[];
  /** Whether a file may stand there too. */
  readonly takesFile: boolean;
};

export type CompletionOptions = {
  readonly root: Command;
  /** Loads a command. */
  readonly define: (command: Command) => Promise<void>;
  /** After the program's name; the last one is completed. bash splits at `=`: `--output`, `=`, `js`. */
  readonly words: readonly string[];
};

/** Where the words before the last one lead. */
type Position = {
  command: Command;
  /** The option whose value comes next. */
  option: Option | undefined;
  operands: number;
  isPastOptions: boolean;
};

export async function candidatesFor({ root, define, words }: CompletionOptions): Promise<Candidates> {
  const typed = words.at(-1) ?? '';
  const position: Position = { command: root, option: undefined, operands: 0, isPastOptions: false };
  for (const word of words.slice(0, -1)) await step(position, word, define);
  const { option, isPastOptions } = position;
  const isValue = option !== undefined && !(option.variadic && typed.startsWith('-'));
  if (isValue) return startingWith(valuesOf(option), typed === '=' ? '' : typed);
  if (!isPastOptions && typed.startsWith('--') && typed.includes('=')) return assigned(position, typed);
  if (!isPastOptions && typed.startsWith('-')) return startingWith(flagsOf(position.command), typed);
  return startingWith(operandsOf(position), typed);
}

async function step(position: Position, word: string, define: CompletionOptions['define']): Promise<void> {
  const { command, option } = position;
  if (option !== undefined && word === '=') return;
  if (option !== undefined && !(option.variadic && word.startsWith('-'))) {
    if (!option.variadic) position.option = undefined;
    return;
  }
  position.option = undefined;
  if (position.isPastOptions || !word.startsWith('-')) {
    const next = position.operands === 0 ? command.commands.find((one) => one.name() === word) : undefined;
    if (next === undefined) {
      position.operands += 1;
      return;
    }
    await define(next);
    position.command = next;
  } else if (word === '--') {
    position.isPastOptions = true;
  } else {
    position.option = optionOf(command, word);
  }
}

/** The option of this flag, if the next word is its value. */
function optionOf({ options }: Command, flag: string): Option | undefined {
  return options.find(({ long, short, required }) => required && (long === flag || short === flag));
}

function assigned({ command }: Position, typed: string): Candidates {
  const flag = typed.slice(0, typed.indexOf('='));
  const option = optionOf(command, flag);
  if (option === undefined) return { values: [], takesFile: false };
  const { values, takesFile } = valuesOf(option);
  const written = values.map((one) => ({ ...one, value: `${flag}=${one.value}` }));
  return startingWith({ values: written, takesFile }, typed);
}

/** A value without a list of choices may be a file, which the shell completes. */
function valuesOf({ argChoices }: Option | Argument): Candidates {
  const values = (argChoices ?? []).map((value) => ({ value, description: '' }));
  return { values, takesFile: argChoices === undefined };
}

function flagsOf({ options }: Command): Candidates {
  const shown = options.filter(({ hidden }) => !hidden);
  const values = shown.map(({ long, short, description }) => ({ value: long ?? short ?? '', description }));
  return { values: [...values, { value: '--help', description: 'display help for command' }], takesFile: false };
}

function operandsOf({ command, operands }: Position): Candidates {
  const { commands, registeredArguments } = command;
  if (commands.length > 0 && operands === 0) {
    const values = commands.map((one) => ({ value: one.name(), description: one.description() }));
    return { values, takesFile: false };
  }
  const last = registeredArguments.at(-1);
  const argument = registeredArguments[operands] ?? (last?.variadic === true ? last : undefined);
  return argument === undefined ? { values: [], takesFile: false } : valuesOf(argument);
}

function startingWith({ values, takesFile }: Candidates, typed: string): Candidates {
  return { values: values.filter(({ value }) => value.startsWith(typed)), takesFile };
}

/**
 * The format of cobra, which kubectl understands: one candidate a line, its description after a tab, and a last line with
 * `:0` when files may follow or `:4` when not.
 */
export function formatCandidates({ values, takesFile }: Candidates): string {
  const lines = values.map(({ value, description }) => `${value}\t${description}`);
  return [...lines, takesFile ? ':0' : ':4', ''].join('\n');
}
