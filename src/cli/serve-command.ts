import { type Command, Option } from 'commander';
import type { ProgramParts } from './program.ts';
import { separated } from './list-flags.ts';

/** `gpugate serve`: every setting is a flag. What is served is composed elsewhere: the room `cli` knows no server. */
export async function defineServe(command: Command, { serveFlags, serve }: ProgramParts): Promise<void> {
  command.option('--config <file>', 'YAML file of these settings, in camel case');
  for (const { flag, description, takesValue, isList } of await serveFlags()) {
    const option = new Option(takesValue ? `--${flag} <${isList ? 'items' : 'value'}>` : `--${flag}`, description);
    if (isList) {
      option.argParser((value: string, previous: readonly string[] | undefined) => [
        ...(previous ?? []),
        ...separated(value),
      ]);
    }
    command.addOption(option);
  }
  command.action(async (flags: Record<string, unknown>) => serve(flags));
}
