import { type Command, Option } from 'commander'
import type { SchemaDiff } from '../../shared/tap-schema/diff.ts'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { type OutputOptions, writeResult } from '../terminal/output.ts'
import { BREAKING_HELP, describeDiff, FAIL_ON, type FailOn, failOnChanges } from './describe-diff.ts'
import { addExamples } from './examples.ts'
import { addLoaderOptions, type LoaderFlags, readLoaderOptions } from './loader-options.ts'

interface DiffSchemasFlags extends LoaderFlags, OutputOptions {
  readonly failOn?: FailOn
}

export function declare(command: Command): void {
  command
    .argument('<from>', 'the schemas as they were: a Felis file, a folder, a release archive; - is standard input')
    .argument('<to>', 'the schemas as they will be')
    .addOption(new Option('--fail-on <kind>', 'end with exit code 1 when there are such changes').choices(FAIL_ON))
  addLoaderOptions(command, { postfix: false }).option('--json', 'print one JSON document').action(run)
  addExamples(
    command,
    ['diff-schemas main/dp1.yaml dp1.yaml', 'diff-schemas --fail-on breaking --json old/schemas.tar.gz yml/'],
    [
      'What is compared is what TAP_SCHEMA would say, as `almagest diff` compares slots.',
      ...BREAKING_HELP,
      'schema_index, the place of a schema in its list, is compared with --first-schema-index only.',
    ],
  )
}

async function run(from: string, to: string, flags: DiffSchemasFlags): Promise<void> {
  endOnInterrupt()
  const { loadSide } = await import('../felis-files/load-side.ts')
  const { contentsOf, keysInSeveralFiles, namesInSeveralFiles } = await import('../felis-files/contents.ts')
  const { diffContents } = await import('../../shared/tap-schema/diff-contents.ts')
  const { formatDiff } = await import('../../shared/tap-schema/format-diff.ts')
  const options = readLoaderOptions({ firstSchemaIndex: 'none', ...flags })
  const before = await loadSide(from, options)
  const after = await loadSide(to, options)
  const sides = [before.schemas, after.schemas]
  const ambiguous = {
    schemas: new Set(sides.flatMap((schemas) => namesInSeveralFiles(schemas))),
    keys: new Set(sides.flatMap((schemas) => keysInSeveralFiles(schemas, options))),
  }
  const changes = diffContents(
    contentsOf(before.schemas, ambiguous, options),
    contentsOf(after.schemas, ambiguous, options),
  )
  const breaking = changes.some((change) => change.breaking)
  const diff: SchemaDiff = { from: before.side, to: after.side, breaking, changes }
  writeResult(diff, flags, (found) => describeDiff(formatDiff(found)))
  failOnChanges(diff, flags.failOn)
}
