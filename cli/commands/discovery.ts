import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { complaintAboutBaseUrl } from '../../shared/environment/discovery/texts.ts'
import { escapeJson } from '../../shared/printable.ts'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { writeNote } from '../terminal/output.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { addExamples } from './examples.ts'

interface DiscoveryFlags {
  readonly baseUrl?: string
  readonly hipsBaseUrl?: string
  readonly output?: string
  readonly nublado?: true
}

export function declare(command: Command): void {
  command
    .argument('<environment...>', 'environment files')
    .option('--base-url <url>', 'public URL of the service, instead of the one that the file gives', parseBaseUrl)
    .option('--hips-base-url <url>', 'public URL in front of the HiPS lists', parseBaseUrl)
    .option('-o, --output <dir>', 'write one file for each environment into this folder')
    .option('--nublado', 'the form that notebooks read, /etc/nublado/discovery/v1.json')
    .action(run)
  addExamples(
    command,
    ['discovery environment.yaml', 'discovery environments/*.yaml --output public/environments'],
    [
      'The document is what GET …/discovery answers, with its keys sorted, without what is live in the databases and',
      'without any credentials. With --output, environments/idfdev.yaml becomes DIR/idfdev.json.',
    ],
  )
}

async function run(files: readonly string[], { output, nublado, baseUrl, hipsBaseUrl }: DiscoveryFlags): Promise<void> {
  endOnInterrupt()
  if (output === undefined && files.length > 1) throw new UsageError('several environments need --output DIR')
  const { describeEnvironments } = await import('./discovery/describe-environments.ts')
  const { described, warnings } = await describeEnvironments(files, {
    nublado: nublado === true,
    ...(baseUrl !== undefined && { baseUrl }),
    ...(hipsBaseUrl !== undefined && { hipsBaseUrl }),
  })
  for (const warning of warnings) writeNote(warning)
  if (output === undefined) {
    for (const { text } of described) process.stdout.write(escapeJson(text))
    return
  }
  const { writeForms } = await import('./discovery/write-forms.ts')
  const written = await writeForms(output, described)
  for (const path of written) writeNote(path)
}

function parseBaseUrl(value: string): string {
  const complaint = complaintAboutBaseUrl(value)
  if (complaint !== null) throw new InvalidArgumentError(`It ${complaint}.`)
  return value
}
