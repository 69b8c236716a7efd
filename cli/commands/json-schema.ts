import type { Command } from 'commander'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { addExamples } from './examples.ts'

export function declare(command: Command): void {
  command.option('--json', 'changes nothing: it is one JSON document in any case').action(run)
  addExamples(
    command,
    ['json-schema > felis.schema.json'],
    [
      'Editors with the YAML language server complete and check a Felis file with this as its first line:',
      '# yaml-language-server: $schema=felis.schema.json',
    ],
  )
}

async function run(): Promise<void> {
  endOnInterrupt()
  const { makeJsonSchema } = await import('../../shared/felis/json-schema.ts')
  process.stdout.write(`${JSON.stringify(makeJsonSchema(), null, 2)}\n`)
}
