import { type Described, type DescribedOption, withSubcommands } from './describe-program.ts'

/** Completion for fish: a line for each command and each option, under the condition that it fits. */
export function fishScript(program: Described): string {
  const lines = withSubcommands(program).flatMap((command) => [
    ...command.commands.map(({ words, summary }) => line(command, `-f -a ${quote(words.at(-1) ?? '')}`, summary)),
    ...(command.choices.length === 0 ? [] : [line(command, `-f -a ${quote(command.choices.join(' '))}`, '')]),
    ...command.options.map((option) => line(command, flagsOf(option), option.summary)),
  ])
  return `# Completion of almagest for fish, written by \`almagest completion fish\`.
${lines.join('\n')}
`
}

function line(command: Described, what: string, summary: string): string {
  const about = summary === '' ? '' : ` -d ${quote(summary)}`
  return `complete -c almagest -n ${quote(conditionOf(command))} ${what}${about}`
}

/** That the words of the command have been typed, and none of one below it. */
function conditionOf({ words, commands }: Described): string {
  const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`)
  const below = commands.map((command) => command.words.at(-1)).join(' ')
  const none = below === '' ? [] : [`not __fish_seen_subcommand_from ${below}`]
  return [...seen, ...none].join('; and ')
}

function flagsOf({ flags, value }: DescribedOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)).join(' ')
  if (value === 'none') return names
  return value === 'any' ? `${names} -r` : `${names} -x -a ${quote(value.join(' '))}`
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
