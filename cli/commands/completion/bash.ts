import { quoteForShell } from '../../terminal/spelling.ts'
import { type Described, withSubcommands } from './describe-program.ts'

/** Completion for bash: commands, options and the values that options know; file names everywhere else. */
export function bashScript(program: Described): string {
  const commands = withSubcommands(program)
  const below = commands.filter((command) => command.commands.length > 0)
  return `# Completion of almagest for bash, written by \`almagest completion bash\`.
_almagest() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} path= word words=
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path $word" in
${below.flatMap(({ words, commands }) => commands.map((child) => pathCase(words, child))).join('\n')}
    esac
  done
  COMPREPLY=()
  case "$path $previous" in
${commands.flatMap(valueCases).join('\n')}
  esac
  case "$path" in
${commands.map(wordsCase).join('\n')}
  esac
  if [[ $current == -* || -n $words ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  fi
  [ \${#COMPREPLY[@]} -gt 0 ] || compopt -o default
}
complete -F _almagest almagest
`
}

function pathCase(before: readonly string[], { words }: Described): string {
  return `    ${quoteForShell(`${before.join('/')} ${words.at(-1)}`)}) path=${quoteForShell(words.join('/'))} ;;`
}

/** After an option with a value: the values that it knows, or file names. */
function valueCases({ words, options }: Described): readonly string[] {
  return options.flatMap(({ flags, value }) => {
    if (value === 'none') return []
    const patterns = flags.map((flag) => quoteForShell(`${words.join('/')} ${flag}`)).join(' | ')
    const known =
      value === 'any'
        ? 'compopt -o default'
        : `COMPREPLY=($(compgen -W ${quoteForShell(value.join(' '))} -- "$current"))`
    return [`  ${patterns}) ${known}; return ;;`]
  })
}

function wordsCase({ words, options, choices, commands }: Described): string {
  const names = [...commands.map((command) => command.words.at(-1) ?? ''), ...choices].join(' ')
  const flags = options.flatMap((option) => option.flags).join(' ')
  return `  ${quoteForShell(words.join('/'))}) if [[ $current == -* ]]; then words=${quoteForShell(flags)}; else words=${quoteForShell(names)}; fi ;;`
}
