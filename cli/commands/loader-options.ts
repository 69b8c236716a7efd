import { type Command, InvalidArgumentError, Option } from 'commander'
import { DEPLOYED, type LoaderOptions, PLAIN } from '../../shared/tap-schema/options.ts'
import { parseInteger } from './parsers.ts'

export type ProfileName = 'deployed' | 'plain'

const PROFILES: Readonly<Record<ProfileName, LoaderOptions>> = { deployed: DEPLOYED, plain: PLAIN }

/** What commander makes of the options: a profile, and what differs from it. */
export interface LoaderFlags extends Partial<Omit<LoaderOptions, 'columnRefIndexIncrement' | 'firstSchemaIndex'>> {
  readonly profile: ProfileName
  readonly columnRefIndexIncrement?: number | 'none'
  readonly firstSchemaIndex?: number | 'none'
}

/** The options that decide how Felis schemas become rows; the rows themselves do not depend on the postfix. */
export function addLoaderOptions(command: Command, { postfix }: { readonly postfix: boolean }): Command {
  const profile = new Option('--profile <name>', "Repertoire's settings, or Felis's own defaults")
  command.addOption(profile.choices(Object.keys(PROFILES)).default('deployed'))
  if (postfix) command.option('--postfix <text>', 'appended to the five table names', parsePostfix)
  return command
    .option('--extensions', 'with the CADC extension columns')
    .option('--no-extensions', 'without them')
    .option('--unique-keys', 'key_id is <schema>_<constraint>')
    .option('--no-unique-keys', 'key_id is the name of the constraint')
    .option('--unbounded-arraysize', 'arraysize * for all texts and binaries')
    .option('--no-unbounded-arraysize', 'arraysize n* from their length')
    .option('--column-ref-index-increment <n>', 'step of column_index of referenced columns, or none', parseIncrement)
    .option('--first-schema-index <n>', 'schema_index of the first schema, or none', parseSchemaIndex)
}

export function readLoaderOptions(flags: LoaderFlags): LoaderOptions {
  const base = PROFILES[flags.profile]
  return {
    postfix: flags.postfix ?? base.postfix,
    extensions: flags.extensions ?? base.extensions,
    uniqueKeys: flags.uniqueKeys ?? base.uniqueKeys,
    unboundedArraysize: flags.unboundedArraysize ?? base.unboundedArraysize,
    columnRefIndexIncrement: numberOrNull(flags.columnRefIndexIncrement, base.columnRefIndexIncrement),
    firstSchemaIndex: numberOrNull(flags.firstSchemaIndex, base.firstSchemaIndex),
  }
}

/** commander keeps the last value when a parser answers null, so null has a name of its own here. */
function numberOrNull(flag: number | 'none' | undefined, base: number | null): number | null {
  if (flag === undefined) return base
  return flag === 'none' ? null : flag
}

/** PostgreSQL cuts names at 63 bytes, and the longest of the five is `key_columns`. */
const LONGEST_POSTFIX = 63 - 'key_columns'.length

function parsePostfix(value: string): string {
  if (/^\w*$/.test(value) && value.length <= LONGEST_POSTFIX) return value
  throw new InvalidArgumentError(`It must be letters, digits and _, at most ${LONGEST_POSTFIX}.`)
}

const INT_MAX = 2_147_483_647

function parseIncrement(value: string): number | 'none' {
  return value === 'none' ? value : parseInteger(value, 1, INT_MAX, 'a whole number from 1 on, or none')
}

function parseSchemaIndex(value: string): number | 'none' {
  return value === 'none' ? value : parseInteger(value, -INT_MAX, INT_MAX, 'a whole number, or none')
}
