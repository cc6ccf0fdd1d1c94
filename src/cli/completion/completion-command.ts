import { Argument, type Command } from 'commander';
import type { CliContext } from '../context.ts';
import { completionScripts } from './scripts.ts';

/** `gpugate completion bash|zsh|fish`: the script that a shell loads. */
export function defineCompletion(command: Command, { write }: CliContext): void {
  const shells = Object.keys(completionScripts) as (keyof typeof completionScripts)[];
  command
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .action((shell: keyof typeof completionScripts) => write(completionScripts[shell]));
}
