import type { Command } from 'commander'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { type OutputOptions, writeResult } from '../terminal/output.ts'
import { UsageError } from '../terminal/usage-error.ts'
import type { WrittenSite } from './browse/write-site.ts'
import { addExamples } from './examples.ts'
import { addLoaderOptions, type LoaderFlags, readLoaderOptions } from './loader-options.ts'
import { parseSchemas, parseText } from './parsers.ts'

interface BrowseFlags extends LoaderFlags, OutputOptions {
  readonly output: string
  readonly schemas?: readonly string[]
  readonly against?: string
  readonly title?: string
}

export function declare(command: Command): void {
  command
    .argument('<release>', 'a Felis file, a folder of them, schemas.tar.gz, main:yml of git')
    .requiredOption('-o, --output <dir>', 'the folder that is to hold the pages', parseText)
    .option('--schemas <names>', 'only these schema files, in this order: a,b', parseSchemas)
    .option('--against <release>', 'also a page of what is different from this one', parseText)
    .option('--title <text>', 'what stands above all pages (default: the release)', parseText)
  addLoaderOptions(command, { postfix: false }).option('--json', 'print one JSON document').action(run)
  addExamples(
    command,
    [
      'browse schemas.tar.gz --output public',
      'browse yml --schemas dp1,ivoa_obscore --against origin/main:yml --output public --title "Schemas of DP1"',
    ],
    [
      'Pages of schemas, tables and columns with units, UCDs, keys and descriptions, and a search over all of them. They are',
      'plain files: they need no server, load nothing from elsewhere, and can be opened from disk or put on any web server.',
      'discovery.schemaBrowser of the environment file says where they are, so that discovery links to them.',
    ],
  )
}

async function run(release: string, flags: BrowseFlags): Promise<void> {
  endOnInterrupt()
  const { loadSide } = await import('../felis-files/load-side.ts')
  const { writeSite } = await import('./browse/write-site.ts')
  const loader = readLoaderOptions({ firstSchemaIndex: 'none', ...flags })
  const { schemas } = await loadSide(release, loader)
  const chosen = flags.schemas === undefined ? schemas : flags.schemas.map((name) => findNamed(name, schemas))
  const { against } = flags
  const diff =
    against === undefined
      ? null
      : await (await import('./diff-schemas/compare-schemas.ts')).compareSchemas(against, release, {
          loader,
          structure: true,
          names: 'exact',
        })
  const site = await writeSite(flags.output, flags.title ?? release, chosen, diff)
  writeResult(site, flags, describe)
}

function findNamed<T extends { readonly file: string }>(name: string, schemas: readonly T[]): T {
  const stem = (file: string) => file.replace(/^.*\//, '').replace(/\.ya?ml$/, '')
  const found = schemas.find(({ file }) => stem(file) === name)
  if (found !== undefined) return found
  throw new UsageError(
    `there is no schema file called ${name}: there are ${schemas.map(({ file }) => stem(file)).join(', ')}`,
  )
}

function describe({ folder, pages, tables, columns }: WrittenSite): string {
  return `${folder}/index.html: ${pages} pages, ${tables} tables, ${columns} columns`
}
