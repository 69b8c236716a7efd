import { MemoryStore } from '../local/gcs/memory-store.ts'
import { startGcs } from '../local/gcs/server.ts'
import type { ResultsConfig } from '../shared/environment/results.ts'
import { openBucket } from '../shared/platform/storage/objects.ts'
import { sweepResults } from '../shared/results/sweep/sweep.ts'

const DAY_MS = 86_400_000
const BUCKET = 'results'

/** As a process of its own, so that memory and time are of one side only: the bucket, or the sweep. */
const [role, ...args] = process.argv.slice(2)
if (role === 'bucket') await serveBucket(Number(args[0]), Number(args[1]))
else if (role === 'sweep') await measureSweep(args[0] ?? '', args[1] === 'delete' ? 'delete' : 'dry-run')

/** A bucket with so many results, of which each `every`-th is expired. */
async function serveBucket(objects: number, every: number): Promise<void> {
  const store = new MemoryStore()
  await store.createBucket(BUCKET)
  const now = Date.now()
  const content = Buffer.alloc(0)
  for (let index = 0; index < objects; index++) {
    // Spread like digests, and never the same twice.
    const job = ((index * 0x9e3779b1) >>> 0).toString(16).padStart(8, '0') + index.toString(16).padStart(8, '0')
    const name = `result_${job}.xml`
    const timeCreated = new Date(now - (index % every === 0 ? 8 : 2) * DAY_MS).toISOString()
    const generation = await store.nextGeneration()
    const fixed = {
      kind: 'storage#object',
      crc32c: 'AAAAAA==',
      md5Hash: '',
      etag: '',
      storageClass: 'STANDARD',
    } as const
    const times = { timeCreated, updated: timeCreated }
    const identity = { id: name, name, bucket: BUCKET, generation, metageneration: '1', size: '10000000' }
    await store.put({ ...fixed, ...identity, ...times }, content)
  }
  const { endpoint } = await startGcs({ store })
  console.log(endpoint)
}

async function measureSweep(apiEndpoint: string, mode: 'dry-run' | 'delete'): Promise<void> {
  const config: ResultsConfig = {
    bucket: BUCKET,
    mode,
    stateObject: '.almagest/sweep.json',
    stateBucket: BUCKET,
    rules: [
      {
        name: 'results',
        kind: 'result',
        pattern: '^(result|error)_(?<job>[a-z0-9]+)\\.(xml|parquet)$',
        retentionMs: 7 * DAY_MS,
        minimumAgeMs: DAY_MS,
      },
    ],
    jobs: null,
    limits: {
      deletesPerSecond: 1e9,
      deletesAtOnce: 64,
      deletePercent: 100,
      orphanPercent: 100,
      deleteAnyway: 0,
      timeBudgetMs: DAY_MS,
      leaseMs: 120_000,
    },
  }
  const bucket = openBucket({ bucket: BUCKET, apiEndpoint })
  const logger = { info() {}, warning() {} }
  let deleting = 0
  const onProgress = ({ phase }: { phase: string }) => {
    if (phase === 'delete' && deleting === 0) deleting = performance.now()
  }
  const started = performance.now()
  const request = { mode, timeBudgetMs: null }
  const report = await sweepResults(config, { bucket, stateBucket: bucket, jobs: null, logger, onProgress }, request)
  const ended = performance.now()
  console.log(
    JSON.stringify({
      listed: report.listed.objects,
      deleted: report.deletions.deleted,
      listCalls: report.effort.listCalls,
      seconds: (ended - started) / 1000,
      deleteSeconds: deleting === 0 ? 0 : (ended - deleting) / 1000,
      peakMiB: process.resourceUsage().maxRSS / 1024,
    }),
  )
}
