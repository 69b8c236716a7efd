import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const PROCESS = join(import.meta.dirname, 'sweep-process.ts')

/**
 * In so small a heap nothing that grows with the bucket would fit. The room for young objects is fixed, too: left alone,
 * V8 doubles it as long as a process runs, which would show as memory that grows with the bucket.
 */
const HEAP = ['--max-old-space-size=48', '--max-semi-space-size=4']

interface Figures {
  readonly listed: number
  readonly deleted: number
  readonly listCalls: number
  readonly seconds: number
  readonly deleteSeconds: number
  readonly peakMiB: number
}

/**
 * Sweeps over a bucket of the local stand-in, through the real client: a dry run, then the deletion of every tenth
 * object without a rate limit. Bucket and sweep are processes of their own and share the machine.
 */
export async function benchSweep(objects: number): Promise<Record<string, number>> {
  const bucket = spawn(process.execPath, ['--max-old-space-size=6144', PROCESS, 'bucket', String(objects), '10'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const endpoint = await firstLine(bucket.stdout)
    const look = sweep(endpoint, 'dry-run')
    const collect = sweep(endpoint, 'delete')
    return {
      'objects looked at': look.listed,
      'dry run, s': look.seconds,
      'objects classified per s': Math.round(look.listed / look.seconds),
      'list requests per 1000 objects': (1000 * look.listCalls) / look.listed,
      'dry run, peak memory MiB': look.peakMiB,
      'objects deleted': collect.deleted,
      'deleting, s': collect.deleteSeconds,
      'objects deleted per s': Math.round(collect.deleted / collect.deleteSeconds),
      'deleting, peak memory MiB': collect.peakMiB,
    }
  } finally {
    bucket.kill('SIGKILL')
  }
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stream })) return line
  throw new Error('the bucket did not come up')
}

function sweep(endpoint: string, mode: string): Figures {
  const args = [...HEAP, PROCESS, 'sweep', endpoint, mode]
  const run = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`the sweep ended with ${run.status}: ${run.stderr}`)
  return JSON.parse(run.stdout)
}
