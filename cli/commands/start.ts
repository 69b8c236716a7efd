import { isAbsolute, resolve } from 'node:path'
import type { Command } from 'commander'
import type { RunOptions } from '../../local/run.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { addExamples } from './examples.ts'
import { STATE_FOLDER } from './local-state.ts'
import { parseInteger, parseSchemas, parseText, parseVersion } from './parsers.ts'

interface StartFlags {
  readonly release?: string
  readonly schemas?: readonly string[]
  readonly version?: string
  readonly swap: boolean
  readonly once?: boolean
  readonly reset?: boolean
  readonly port?: number
  readonly state?: string
  readonly json?: boolean
}

export function declare(command: Command): void {
  refuseTaken(process.env)
  command
    .option(
      '--release <path>',
      'release to bring live: an archive, a folder that holds one, a folder of YAML, or one YAML file',
      parseText,
    )
    .option('--schemas <names>', 'its schemas that the server tap serves, in their order: a,b', parseSchemas)
    .option('--version <version>', 'its name (default: releases/ and the name of the file or folder)', parseVersion)
    .option('--no-swap', 'leave the release in the staging slot')
    .option('--once', 'stop everything when it is done')
    .option('--reset', 'forget what earlier starts left behind')
    .option('--port <number>', 'port of the functions, 0 for any (default: 8080 or the next free one)', parsePort)
    .option('--state <folder>', 'where everything is kept (default: .almagest in the project)', parseText)
    .option('--json', 'print one JSON document, and the steps to stderr')
    .action(run)
  addExamples(command, [
    'start',
    'start --release ../sdm_schemas --schemas dp1,ivoa_obscore',
    'start --release w.2026.34/schemas.tar.gz --schemas dp2 --version releases/w.2026.34 --no-swap',
  ])
}

async function run(flags: StartFlags): Promise<void> {
  const { runStack } = await import('../../local/run.ts')
  try {
    process.exitCode = await runStack(readOptions(flags))
  } finally {
    // Functions may still be trying to reach what has been stopped. An error is reported before this comes.
    setImmediate(() => process.exit())
  }
}

/** What npm has taken for an option of its own does not get here: without a word, the start would be another one. */
function refuseTaken(env: NodeJS.ProcessEnv): void {
  if (env.npm_lifecycle_event !== 'start') return
  const taken = OPTIONS_NPM_LACKS.find((name) => env[`npm_config_${name}`] !== undefined)
  if (taken === undefined) return
  const option = taken === 'swap' ? '--no-swap' : `--${taken}`
  throw new UsageError(
    `npm keeps ${option} for itself: options of the start come after --, as in npm start -- ${option}`,
  )
}

/** Others (`--version`, `--json`) mean something to npm, and may be meant so. */
const OPTIONS_NPM_LACKS = ['release', 'schemas', 'swap', 'once', 'reset', 'port', 'state'] as const

function readOptions({ release, schemas, version, state, port, ...flags }: StartFlags): RunOptions {
  return {
    wish: {
      ...(release !== undefined && { path: fromWhereItWasTyped(release) }),
      ...(schemas !== undefined && { schemas }),
      ...(version !== undefined && { version }),
    },
    stateFolder: state === undefined ? STATE_FOLDER : fromWhereItWasTyped(state),
    swap: flags.swap,
    once: flags.once === true,
    reset: flags.reset === true,
    json: flags.json === true,
    port,
    given: [
      ...(state === undefined ? [] : ['--state', state]),
      ...(port === undefined ? [] : ['--port', String(port)]),
    ],
  }
}

/** npm runs scripts in the project's folder, wherever `npm start` was typed. */
function fromWhereItWasTyped(path: string): string {
  const folder = process.env.npm_lifecycle_event === 'start' ? process.env.INIT_CWD : undefined
  return isAbsolute(path) || folder === undefined ? resolve(path) : resolve(folder, path)
}

function parsePort(value: string): number {
  return parseInteger(value, 0, 65_535, 'a port: a number from 0 to 65535')
}
