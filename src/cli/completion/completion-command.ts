import { Argument, type Command } from 'commander';
import type { CliContext } from '../context.ts';

/** `gpugate completion bash|zsh|fish`: the script that a shell loads. */
export function defineCompletion(command: Command, { write }: CliContext): void {
  const shells = Object.keys(completionScripts) as (keyof typeof completionScripts)[];
  command
    .addArgument(new Argument('<shell>', 'shell to complete for').choices(shells))
    .action((shell: keyof typeof completionScripts) => write(completionScripts[shell]));
}

/**
 * What a shell loads. Each script only asks the program itself, under the name that was typed, so that it completes what
 * that version can do.
 */
export const completionScripts = {
  // No mapfile, because macOS has bash 3.2. It has no compopt either, and then offers files too often.
  bash: `# source <(gpugate completion bash)
_gpugate() {
  local line directive=0
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :*) directive="\${line#:}" ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [[ "$directive" == 4 ]]; then
    compopt +o default 2>/dev/null
  fi
}
complete -o default -F _gpugate gpugate
`,
  zsh: `#compdef gpugate
# source <(gpugate completion zsh), or a file _gpugate in a directory of $fpath
_gpugate() {
  local line value directive=0
  local -a values
  while IFS= read -r line; do
    case "$line" in
      :*) directive="\${line#:}" ;;
      *) value="\${line%%$'\\t'*}"; values+=("\${value//:/\\\\:}:\${line#*$'\\t'}") ;;
    esac
  done < <("\${words[1]}" __complete "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  (( \${#values} )) && _describe gpugate values
  [[ "$directive" == 4 ]] || _files
}
if [[ "\${funcstack[1]}" == _gpugate ]]; then
  _gpugate "$@"
else
  compdef _gpugate gpugate
fi
`,
  fish: `# gpugate completion fish | source
function __gpugate_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] __complete $words[2..-1] 2>/dev/null)
        switch $line
            case ':0'
                __fish_complete_path (commandline -ct)
            case ':*'
            case '*'
                echo $line
        end
    end
end
complete -c gpugate -f -a '(__gpugate_complete)'
`,
} as const;
