import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { TutorialItem } from '../../shared/discovery/tutorials.ts'
import { withFileErrors } from '../terminal/file-error.ts'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { writeNote, writeResult } from '../terminal/output.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { addExamples } from './examples.ts'

interface TutorialsFlags {
  readonly output?: string
}

export function declare(command: Command): void {
  command
    .argument('<dir>', 'a checkout of the tutorials repository')
    .option('-o, --output <file>', 'write the menu to this file instead of standard output')
    .action(run)
  addExamples(
    command,
    ['tutorials ./tutorial-notebooks --output tutorials.json'],
    [
      'Notebooks (.ipynb) and pages (.md) are listed with their first heading, folders with the heading of their README.md',
      'or index.md. Hidden files, links and folders without either are left out.',
      'JSON: {items: [{type: folder|notebook|page, name, path, title, items?}, …]}, for discovery.tutorials.',
    ],
  )
}

async function run(directory: string, { output }: TutorialsFlags): Promise<void> {
  endOnInterrupt()
  const { listTutorials } = await import('./tutorials/list-tutorials.ts')
  const { menu, complaints } = await withFileErrors(directory, () => listTutorials(directory))
  for (const complaint of complaints) writeNote(`warning: ${complaint}`)
  if (output === undefined) return writeResult(menu, { json: true }, () => '')
  await writeFile(output, `${JSON.stringify(menu, null, 2)}\n`).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`cannot write ${output} (${error.code})`, error)
  })
  writeNote(`${output}: ${countFiles(menu.items)} notebooks and pages`)
}

function countFiles(items: readonly TutorialItem[]): number {
  return items.reduce((count, item) => count + (item.type === 'folder' ? countFiles(item.items) : 1), 0)
}
