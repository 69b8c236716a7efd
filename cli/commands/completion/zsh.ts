import { quoteForShell } from '../../terminal/spelling.ts'
import { type Described, type DescribedOption, withSubcommands } from './describe-program.ts'

/** Completion for zsh: a function for each command, which names its options with what they mean. */
export function zshScript(program: Described): string {
  const functions = withSubcommands(program).map((command) =>
    command.commands.length > 0 ? groupFunction(command) : leafFunction(command),
  )
  return `#compdef almagest
# Completion of almagest for zsh, written by \`almagest completion zsh\`.
${functions.join('\n')}
if [ "$funcstack[1]" = "_almagest" ]; then _almagest "$@"; else compdef _almagest almagest; fi
`
}

function groupFunction({ words, options, commands }: Described): string {
  const list = commands.map(({ words, summary }) => `    ${quoteForShell(`${words.at(-1)}:${summary}`)}`).join('\n')
  const cases = commands.map((command) => `      ${command.words.at(-1)}) ${nameOf(command.words)} ;;`).join('\n')
  return `${nameOf(words)}() {
  local line state
  local -a commands
  commands=(
${list}
  )
  _arguments -C ${[...options.flatMap(specOf), quoteForShell('1: :->command'), quoteForShell('*::argument:->argument')].join(' ')}
  case $state in
    command) _describe command commands ;;
    argument) case $line[1] in
${cases}
    esac ;;
  esac
}`
}

function leafFunction({ words, options, choices }: Described): string {
  const rest = choices.length > 0 ? `1:argument:(${choices.join(' ')})` : '*:file:_files'
  return `${nameOf(words)}() {
  _arguments -s ${[...options.flatMap(specOf), quoteForShell(rest)].join(' \\\n    ')}
}`
}

/** One specification a spelling: \`--format[what it means]:value:(text json)\`. */
function specOf({ flags, summary, value }: DescribedOption): readonly string[] {
  const about = summary.replace(/[[\]:\\]/g, '\\$&')
  const values = value === 'none' ? '' : value === 'any' ? ':value:_files' : `:value:(${value.join(' ')})`
  return flags.map((flag) => quoteForShell(`${flag}[${about}]${values}`))
}

function nameOf(words: readonly string[]): string {
  return ['_almagest', ...words].join('_').replaceAll('-', '_')
}
