import { type Command, Option } from 'commander'
import { DEFAULT_CONTEXT } from '../../shared/felis/context.ts'
import { addIdGeneration, type IdFlags } from '../felis-files/id-generation.ts'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { writeProblems } from '../terminal/report-failure.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { writeOutput } from '../terminal/write-output.ts'
import { addExamples } from './examples.ts'
import { parseInteger, parseText } from './parsers.ts'

interface DumpFlags extends IdFlags {
  readonly columnRefIndexIncrement?: number
  readonly format?: 'yaml' | 'json'
  readonly json?: true
  readonly dereferenceResources?: true
  readonly stripIds?: true
  readonly sortColumns?: true
  readonly output?: string
}

export function declare(command: Command): void {
  command
    .argument('<file>', 'a Felis YAML file; - is standard input')
    .addOption(new Option('--format <name>', 'of what is written (default: yaml)').choices(['yaml', 'json']))
    .option('--json', 'the same as --format json')
    .option('-o, --output <file>', 'write it into this file; its ending is the format', parseText)
    .option('--dereference-resources', 'write referenced columns as columns, and no resources')
    .option('--strip-ids', 'write no @id that can be made from the names')
    .option('--sort-columns', 'write columns in the order of tap:column_index')
  addIdGeneration(command)
    .option('--column-ref-index-increment <n>', 'step of tap:column_index of referenced columns', parseIncrement)
    .action(run)
  addExamples(
    command,
    [
      'dump schemas/dp2.yaml',
      'dump schemas/dp2.yaml --output dp2.json',
      'dump --dereference-resources --strip-ids --json schemas/dp2.yaml',
    ],
    [
      'What was worked out (ids, arraysize, xtype) is written down, defaults are left out. Loading what is printed gives',
      'the same schema.',
    ],
  )
}

async function run(path: string, flags: DumpFlags): Promise<void> {
  if (flags.json && flags.format === 'yaml') throw new UsageError('--json and --format yaml exclude each other')
  endOnInterrupt()
  const { loadFile } = await import('../felis-files/load-file.ts')
  const { dumpSchema } = await import('../../shared/felis/dump/dump-schema.ts')
  const { idGeneration, columnRefIndexIncrement = null } = flags
  const context = { ...DEFAULT_CONTEXT, idGeneration, columnRefIndexIncrement }
  const { schema, warnings } = await loadFile(path, context)
  writeProblems(warnings)
  const document = dumpSchema(schema, {
    dereference: flags.dereferenceResources === true,
    stripIds: flags.stripIds === true,
    sortColumns: flags.sortColumns === true,
  })
  const isJson = flags.json === true || (flags.format ?? endingOf(flags.output)) === 'json'
  const text = isJson
    ? (await import('../../shared/felis/dump/write-json.ts')).writeJson(document)
    : (await import('../../shared/felis/dump/write-yaml.ts')).writeYaml(document)
  await writeOutput(text, flags.output)
}

/** The ending of the file says the format where nothing else does. */
function endingOf(file: string | undefined): 'json' | 'yaml' {
  return file?.toLowerCase().endsWith('.json') === true ? 'json' : 'yaml'
}

const INT_MAX = 2_147_483_647

function parseIncrement(value: string): number {
  return parseInteger(value, 1, INT_MAX, 'a whole number from 1 on')
}
