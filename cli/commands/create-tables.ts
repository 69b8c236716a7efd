import { type Command, Option } from 'commander'
import type { GeometryStrategy } from '../../shared/adql/postgresql.ts'
import type { LoadedSchema } from '../../shared/felis/load.ts'
import type { DialectName } from '../../shared/tables/check-definitions.ts'
import type { CreateTablesOptions } from '../../shared/tables/create-tables.ts'
import type { NameCase } from '../../shared/tables/lookup.ts'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { type OutputOptions, writeNote, writeResult } from '../terminal/output.ts'
import { withProgress } from '../terminal/progress.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { addExamples } from './examples.ts'
import { parseList, parseSchemas, parseText } from './parsers.ts'
import { addDatabaseOptions, type DatabaseFlags, requireDatabase } from './server/database-options.ts'

interface CreateTablesFlags extends DatabaseFlags, OutputOptions {
  readonly schemas?: readonly string[]
  readonly geometry: GeometryStrategy | 'auto'
  readonly names: NameCase
  readonly reader?: readonly string[]
  readonly ifNotExists?: true
  readonly drop?: true
  readonly dryRun?: true
  readonly outputFile?: string
  readonly dialect: DialectName
  readonly indexes?: 'only' | 'none'
}

const GEOMETRIES: readonly (GeometryStrategy | 'auto')[] = ['auto', 'portable', 'pgsphere', 'postgis']
const NAMES: readonly NameCase[] = ['exact', 'lower']
const DIALECTS: readonly DialectName[] = ['postgresql', 'mysql', 'sqlite']

export function declare(command: Command): void {
  command.argument('<release or file...>', 'Felis files, folders of them, schemas.tar.gz; - is standard input')
  addDatabaseOptions(command)
    .option('--schemas <names>', 'only these schema files: a,b', parseSchemas)
    .addOption(
      new Option('--geometry <strategy>', 'what is to find positions; auto: what the database has')
        .choices(GEOMETRIES)
        .default('auto'),
    )
    .addOption(
      new Option('--names <spelling>', 'names as the files write them, or in lower case')
        .choices(NAMES)
        .default('exact'),
    )
    .option('--reader <role>', 'role that may read the tables; repeatable; public is everybody', parseList)
    .addOption(
      new Option('--dialect <name>', 'the SQL that is written; tables are made in PostgreSQL only')
        .choices(DIALECTS)
        .default('postgresql'),
    )
    .addOption(
      new Option('--indexes <which>', 'only the indexes, of tables that are there, or none').choices(['only', 'none']),
    )
    .option('--if-not-exists', 'leave tables, indexes and keys that are there as they are')
    .option('--drop', 'drop the tables first, WITH THEIR ROWS; with --indexes only, the indexes')
    .option('--dry-run', 'print the SQL, and connect to nothing')
    .option('-o, --output-file <file>', 'write the SQL into a file, and connect to nothing', parseText)
    .option('--json', 'print one JSON document')
    .action(run)
  addExamples(
    command,
    [
      'create-tables --database postgresql://alice@db/catalogue --reader tap_reader schemas/dp1.yaml',
      'create-tables --dry-run --geometry pgsphere schemas.tar.gz --schemas dp1,ivoa_obscore',
      'create-tables --output-file dp1.sql schemas/dp1.yaml',
      'create-tables --dialect mysql --indexes none --dry-run schemas/dp1.yaml',
    ],
    [
      "Tables, columns, keys, checks and indexes are those that Felis's `create` makes. For each position (columns in deg",
      'whose UCDs are pos.eq.ra and pos.eq.dec, or galactic or ecliptic ones) there is an index that cone searches use.',
      'All of it is one transaction: when one statement fails, nothing is created.',
      'Indexes of positions are for PostgreSQL.',
    ],
  )
}

async function run(paths: readonly string[], flags: CreateTablesFlags, command: Command): Promise<void> {
  if (flags.drop && flags.ifNotExists) throw new UsageError('--drop and --if-not-exists exclude each other')
  if (flags.dryRun && flags.outputFile !== undefined) throw new UsageError('give --dry-run or --output-file, not both')
  if (flags.dialect !== 'postgresql') refuseForOthers(flags, command)
  endOnInterrupt('interrupted: all tables are created or none')
  const { loadSchemas } = await import('../felis-files/load-schemas.ts')
  const { checkDefinitions } = await import('../../shared/tables/check-definitions.ts')
  const { writeProblems } = await import('../terminal/report-failure.ts')
  const { names, dialect } = flags
  const check = (loaded: readonly LoadedSchema[]) => checkDefinitions(loaded, names, dialect)
  const { schemas, warnings } = await loadSchemas(paths, flags.schemas, check)
  const options: CreateTablesOptions = {
    geometry: flags.geometry,
    names,
    ifNotExists: flags.ifNotExists === true,
    drop: flags.drop === true,
    indexes: flags.indexes ?? 'all',
    readers: flags.reader ?? [],
  }
  if (flags.dryRun || flags.outputFile !== undefined) {
    const { writeScript } = await import('./create-tables/write-script.ts')
    await writeScript(schemas, dialect, options, flags.outputFile)
    if (dialect === 'postgresql' && flags.geometry === 'auto' && flags.indexes !== 'none')
      writeNote('position indexes are those of --geometry portable: no database was asked')
  } else {
    const target = requireDatabase(flags)
    const { withPool } = await import('./server/connect.ts')
    const { createTables } = await import('../../shared/tables/create-tables.ts')
    const { databaseUserOf } = await import('../../shared/platform/postgres/cloud-sql.ts')
    const readers = options.readers.map(databaseUserOf)
    const create = () => withPool(target, (pool) => createTables(pool, schemas, { ...options, readers }))
    const { plan, geometry } = await withProgress('creating tables', create)
    const { tables, indexes } = plan
    writeResult({ outcome: 'created', schemas: plan.schemas, tables, indexes, geometry, readers }, flags, describe)
  }
  if (flags.json !== true) writeProblems(warnings)
}

/** Other databases are not reached, and know neither roles nor positions. */
function refuseForOthers({ dialect, dryRun, outputFile, reader }: CreateTablesFlags, command: Command): void {
  if (reader !== undefined)
    throw new UsageError(`--reader is for PostgreSQL: with --dialect ${dialect} grant it yourself`)
  if (command.getOptionValueSource('geometry') === 'cli') {
    throw new UsageError(`--geometry is for PostgreSQL: --dialect ${dialect} has no indexes of positions`)
  }
  if (dryRun || outputFile !== undefined) return
  throw new UsageError(`tables are made in PostgreSQL only: for --dialect ${dialect} give --dry-run or --output-file`)
}

interface Created {
  readonly schemas: readonly string[]
  readonly tables: number
  readonly indexes: number
  readonly geometry: GeometryStrategy
  readonly readers: readonly string[]
}

function describe({ schemas, tables, indexes, geometry, readers }: Created): string {
  const count = (number: number, noun: string, plural: string) => `${number} ${number === 1 ? noun : plural}`
  const size = `${count(tables, 'table', 'tables')}, ${count(indexes, 'index', 'indexes')} (positions: ${geometry})`
  const read = readers.length === 0 ? '' : `; ${readers.join(', ')} may read`
  return `created in ${[...new Set(schemas)].join(', ')}: ${size}${read}`
}
