import { existsSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { readArchive } from '../shared/releases/archive.ts'
import { DEFAULT_LIMITS } from '../shared/releases/limits.ts'
import { benchSearches, benchTranslation } from './adql.ts'
import { describeSizes, describeStarts } from './describe-start.ts'
import { benchDiscovery } from './discovery.ts'
import { benchJobs } from './jobs.ts'
import { describeAssumptions, describeLoads } from './model/describe-model.ts'
import { benchObscore } from './obscore.ts'
import { benchQserv } from './qserv.ts'
import { benchQservJobs } from './qserv-jobs.ts'
import { benchStage } from './stage.ts'
import { benchStart } from './start.ts'
import { benchSwap } from './swap.ts'
import { benchSweep } from './sweep.ts'
import { benchTap } from './tap.ts'
import { benchValidate, benchValidateProcess } from './validate.ts'
import { benchVotable } from './votable.ts'

/** Rubin's main TAP service. */
const SCHEMAS = ['dp2', 'dp1', 'ivoa_obscore', 'dp02_dc2']
const RELEASE = join(import.meta.dirname, '..', '..', 'shared', 'data', 'releases', 'w.2026.34', 'schemas.tar.gz')
/** An environment of 26 applications. */
const ENVIRONMENT = join(
  import.meta.dirname,
  '..',
  '..',
  'shared',
  'data',
  'golden',
  'discovery',
  'config',
  'phalanx.yaml',
)

// npm run bench [-- NAME …]: only these; BENCH_RELEASE names another archive, BENCH_SECONDS the length of a load,
// BENCH_OBJECTS how many results there are.
const path = process.env.BENCH_RELEASE ?? RELEASE
const seconds = Number(process.env.BENCH_SECONDS ?? 30)
const sizes = (process.env.BENCH_OBJECTS ?? '100000,1000000').split(',').map(Number)

const BENCHES: Readonly<Record<string, () => Promise<void>>> = {
  async validate() {
    const { files } = await readRelease()
    print('validate, in one process', benchValidate(files, 20))
    if (files.has('dp1.yaml')) print('validate, as a process', benchValidateProcess(files, 'dp1.yaml', 10))
  },
  async stage() {
    const { archive } = await readRelease()
    print('stage', await benchStage(archive, path, SCHEMAS, 20))
  },
  async swap() {
    const { files } = await readRelease()
    const readers = { seconds, readers: 8 }
    print('eight readers, no swaps', await benchSwap(files, SCHEMAS, { ...readers, pauseMs: null }))
    print('eight readers, a swap after the other', await benchSwap(files, SCHEMAS, { ...readers, pauseMs: 0 }))
    print('eight readers, a swap every second', await benchSwap(files, SCHEMAS, { ...readers, pauseMs: 1000 }))
  },
  async discovery() {
    if (!existsSync(ENVIRONMENT)) return console.log(`\ndiscovery is left out: there is no ${ENVIRONMENT}`)
    const loads = await benchDiscovery(ENVIRONMENT, Math.min(seconds, 10))
    for (const [title, figures] of Object.entries(loads)) print(title, figures)
  },
  async start() {
    const { bundles, starts } = await benchStart(existsSync(ENVIRONMENT) ? ENVIRONMENT : null, 10)
    printTable(describeSizes(bundles))
    printTable(describeStarts(starts))
  },
  async adql() {
    print('ADQL to SQL', await benchTranslation(path, SCHEMAS))
    print('searches by position in 1,000,000 rows', await benchSearches(1_000_000, 20))
  },
  async votable() {
    printTable(await benchVotable(1_000_000))
  },
  async tap() {
    printTable(await benchTap(1_000_000, Math.min(seconds, 10)))
  },
  async jobs() {
    printTable(await benchJobs())
  },
  async qserv() {
    printTable(await benchQserv(1_000_000))
    printTable(await benchQservJobs())
  },
  async obscore() {
    printTable(await benchObscore(100_000))
  },
  async model() {
    printTable(describeLoads())
    printTable(describeAssumptions())
  },
  async sweep() {
    for (const objects of sizes) print(`sweep over ${objects} results`, await benchSweep(objects))
  },
}

const NEED_RELEASE: ReadonlySet<string> = new Set(['validate', 'stage', 'swap', 'adql'])

const chosen = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(BENCHES)
const unknown = chosen.find((name) => BENCHES[name] === undefined)
if (unknown !== undefined) {
  const names = Object.keys(BENCHES).join(' | ')
  console.error(`there is no bench called ${unknown}: npm run bench [-- ${names} …]`)
  console.error('BENCH_RELEASE: another archive; BENCH_SECONDS: the length of a load; BENCH_OBJECTS: results to sweep')
  process.exit(2)
}
console.log(`${cpus().length} cores (${cpus()[0]?.model.trim()}), Node ${process.version}`)
for (const name of chosen) {
  if (NEED_RELEASE.has(name) && !existsSync(path)) {
    console.log(`\n${name} is left out: there is no ${path}; BENCH_RELEASE names another archive`)
  } else await BENCHES[name]?.()
}

async function readRelease() {
  const archive = readFileSync(path)
  return { archive, files: await readArchive(archive, DEFAULT_LIMITS) }
}

function print(title: string, figures: Readonly<Record<string, number>>): void {
  console.log(`\n| ${title} | |\n|---|---|`)
  for (const [name, value] of Object.entries(figures)) {
    if (!Number.isNaN(value))
      console.log(`| ${name} | ${Number.isInteger(value) ? value : value.toFixed(value < 10 ? 2 : 1)} |`)
  }
}

function printTable([header = [], ...rows]: readonly (readonly string[])[]): void {
  const lines = [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  console.log(`\n${lines.join('\n')}`)
}
