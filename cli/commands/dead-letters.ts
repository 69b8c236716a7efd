import { type Command, InvalidArgumentError } from 'commander'
import { showControls } from '../../shared/printable.ts'
import { FAILED } from '../terminal/exit-codes.ts'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { type OutputOptions, writeNote, writeResult } from '../terminal/output.ts'
import { withProgress } from '../terminal/progress.ts'
import { formatTable, terminalWidth } from '../terminal/table.ts'
import { UsageError } from '../terminal/usage-error.ts'
import type { DeadLetter, Settled } from './dead-letters/read-letters.ts'
import { addExamples } from './examples.ts'

interface LetterFlags extends OutputOptions {
  readonly subscription: string
  readonly all?: true
  readonly topic?: string
}

const SUBSCRIPTION =
  'of the dead letters: projects/PROJECT/subscriptions/NAME (`terraform output dead_letter_subscription`)'

export function declare(command: Command): void {
  const list = command.command('list').summary('uploads that were given up, and why they may be retried')
  const retry = command.command('retry').summary('publish them again where they came from, and take them off')
  const discard = command.command('discard').summary('take them off without publishing them')
  for (const below of [list, retry, discard]) {
    if (below !== list)
      below.argument('[id...]', 'of letters, as list shows them').option('--all', 'all that are there')
    below.requiredOption('--subscription <name>', SUBSCRIPTION, parseSubscription)
  }
  retry.option('--topic <name>', 'where to: projects/PROJECT/topics/NAME (default: where they came from)', parseTopic)
  for (const below of [list, retry, discard]) below.option('--json', 'print one JSON document')
  list.action(runList)
  retry.action((ids: readonly string[], flags: LetterFlags) => settle('retried', ids, flags))
  discard.action((ids: readonly string[], flags: LetterFlags) => settle('discarded', ids, flags))
  addExamples(
    command,
    [
      'dead-letters list --subscription projects/example/subscriptions/almagest-dead-letters',
      'dead-letters retry --subscription projects/example/subscriptions/almagest-dead-letters 1234567890123456',
      'dead-letters discard --all --subscription projects/example/subscriptions/almagest-dead-letters',
    ],
    [
      'A letter is acknowledged by its own id, and after it was published: what fails in between is there twice rather than',
      'lost, and a load that comes twice is done once. Letters of others are left as they are.',
      'PUBSUB_EMULATOR_HOST names an emulator.',
    ],
  )
}

async function runList(flags: LetterFlags): Promise<void> {
  endOnInterrupt()
  const { readLetters } = await import('./dead-letters/read-letters.ts')
  const letters = await withProgress('reading the dead letters', () => readLetters(flags.subscription))
  writeResult({ letters }, flags, (found) => describeLetters(found.letters))
}

async function settle(what: 'retried' | 'discarded', ids: readonly string[], flags: LetterFlags): Promise<void> {
  if (flags.all === true ? ids.length > 0 : ids.length === 0) {
    throw new UsageError('name the letters by their ids, as `almagest dead-letters list` shows them, or give --all')
  }
  endOnInterrupt('interrupted: letters that were retried may be there still; a load that comes twice is done once')
  const { settleLetters } = await import('./dead-letters/read-letters.ts')
  const wanted = flags.all === true ? null : new Set(ids)
  const settled = await settleLetters(
    flags.subscription,
    wanted,
    what === 'retried' ? { topic: flags.topic ?? null } : null,
  )
  writeResult({ outcome: what, ...settled }, flags, (result) => describeSettled(what, result))
  for (const id of settled.missing) writeNote(`${id} is not among the dead letters, or another reader holds it now`)
  if (settled.missing.length > 0) process.exitCode = FAILED
}

function describeSettled(what: string, { letters }: Settled): string {
  return `${what}: ${letters.length === 0 ? 'none' : letters.map(({ id }) => id).join(', ')}`
}

function describeLetters(letters: readonly DeadLetter[]): string {
  if (letters.length === 0) return 'no dead letters'
  const rows = letters.map(({ id, givenUp, tries, bucket, object, generation, source }) => [
    id,
    givenUp.slice(0, 19).replace('T', ' '),
    tries,
    object === null ? '(not an upload)' : showControls(`gs://${bucket}/${object}`),
    generation,
    source,
  ])
  return formatTable(['id', 'given up (UTC)', 'tries', 'object', 'generation', 'from'], rows, {
    width: terminalWidth(),
  }).join('\n')
}

function parseSubscription(value: string): string {
  if (/^projects\/[^/\s]+\/subscriptions\/[^/\s]+$/.test(value)) return value
  throw new InvalidArgumentError('It must be projects/PROJECT/subscriptions/NAME.')
}

function parseTopic(value: string): string {
  if (/^projects\/[^/\s]+\/topics\/[^/\s]+$/.test(value)) return value
  throw new InvalidArgumentError('It must be projects/PROJECT/topics/NAME.')
}
