import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pythonWith, runStilts } from '../support/clients.ts'
import { temporaryFolder } from '../support/function-process.ts'

/** All stages of taplint but those about other sorts of service, which it leaves out itself. */
export const STAGES = [
  ...['TMV', 'TME', 'TMS', 'TMC', 'CPV', 'CAP', 'AVV', 'QGE', 'QPO', 'QAS', 'UWS', 'MDQ', 'OBS', 'UPL', 'EXA'],
]

interface Lint {
  readonly sections: readonly { readonly code: string; readonly reports: readonly { level: string; text: string }[] }[]
  readonly totals: Readonly<Record<string, number>>
}

/** What STILTS' taplint reports of a TAP service: errors, warnings, failures. */
export async function lintTap(url: string, stages: readonly string[]) {
  const words = [`tapurl=${url}`, `stages=${stages.join(' ')}`, 'report=EWF', 'format=json']
  const { sections, totals } = JSON.parse(await runStilts('taplint', ...words)) as Lint
  const reports = sections.flatMap(({ code, reports }) => reports.map(({ level, text }) => `${level} ${code} ${text}`))
  return { reports, codes: sections.map(({ code }) => code), totals }
}

export const SMOKE = join(import.meta.dirname, '../../../shared/tools/pyvo_smoke.py')
export const PYTHON = pythonWith('pyvo')
export const HAS_PYVO = existsSync(SMOKE) && PYTHON !== undefined

interface Smoke {
  readonly checks: readonly { readonly name: string; readonly status: string; readonly note: string }[]
}

/** What pyvo can do with a TAP service. */
export async function smokeTap(url: string): Promise<Smoke['checks']> {
  const report = join(await temporaryFolder(), 'smoke.json')
  await promisify(execFile)(PYTHON ?? '', [SMOKE, url, '--json', report])
  return (JSON.parse(await readFile(report, 'utf8')) as Smoke).checks
}
