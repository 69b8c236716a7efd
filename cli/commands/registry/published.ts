import { requireRegistry } from '../../../shared/environment/require.ts'
import { messageOf } from '../../../shared/failure.ts'
import { formatProblem } from '../../../shared/problem.ts'
import { authorityOf, sameIvoid } from '../../../shared/registry/ivoid.ts'
import { forgetAuthority } from '../../../shared/registry/state/forget-authority.ts'
import { listStored } from '../../../shared/registry/state/list-stored.ts'
import { type Refreshed, refreshRegistry } from '../../../shared/registry/state/refresh-registry.ts'
import { formatInstant } from '../../../shared/registry/write-record.ts'
import { FAILED } from '../../terminal/exit-codes.ts'
import { endOnInterrupt } from '../../terminal/interrupt.ts'
import { type OutputOptions, writeNote, writeResult } from '../../terminal/output.ts'
import { withProgress } from '../../terminal/progress.ts'
import { formatTable, terminalWidth } from '../../terminal/table.ts'
import { UsageError } from '../../terminal/usage-error.ts'
import { withRegistry } from './open-registry.ts'

export interface RefreshFlags extends OutputOptions {
  readonly dryRun?: true
}

/** `registry refresh`: publishes what has changed. Ends with 1 where something could not be published as it should be. */
export async function refresh(file: string, flags: RefreshFlags): Promise<void> {
  endOnInterrupt()
  const dryRun = flags.dryRun === true
  const refreshed = await withRegistry(file, (sources) =>
    withProgress('comparing the records', () => refreshRegistry(sources, { deployed: 'now', thorough: true, dryRun })),
  )
  const { added, changed, deleted, foreign, held, problems, silent } = refreshed
  for (const problem of problems) writeNote(formatProblem(problem))
  for (const [name, error] of silent) writeNote(`${name} cannot be read: ${messageOf(error)}`)
  const result = { dryRun, added, changed, deleted, foreign, held, silent: [...silent.keys()], problems }
  writeResult(result, flags, () => describe(refreshed, dryRun))
  if (held.length > 0 || silent.size > 0) process.exitCode = FAILED
}

function describe({ added, changed, deleted, foreign, held }: Refreshed, dryRun: boolean): string {
  const list = (what: string, ivoids: readonly string[]) => ivoids.map((ivoid) => `${what.padEnd(9)} ${ivoid}`)
  const lines = [
    ...list('new', added),
    ...list('changed', changed),
    ...list('deleted', deleted),
    ...list('held back', held),
    ...list('foreign', foreign),
  ]
  const count = added.length + changed.length + deleted.length
  const summary = count === 0 ? 'no record has changed' : `${count} ${count === 1 ? 'record' : 'records'}`
  if (count === 0) return [...lines, summary].join('\n')
  return [...lines, dryRun ? `${summary} would be published; nothing was written` : `${summary} published`].join('\n')
}

/** `registry history`: what harvesters see, and since when. */
export async function history(file: string, flags: OutputOptions): Promise<void> {
  endOnInterrupt()
  const records = await withRegistry(file, ({ pool }) => listStored(pool))
  writeResult(records, flags, () =>
    formatTable(
      ['changed', 'state', 'kind', 'ivoid'],
      records.map(({ updated, deleted, kind, ivoid }) => [
        formatInstant(updated),
        deleted ? 'deleted' : 'active',
        kind,
        ivoid,
      ]),
      { width: terminalWidth() },
    ).join('\n'),
  )
}

/** `registry forget`: removes what another registry publishes now. */
export async function forget(file: string, authority: string, flags: OutputOptions): Promise<void> {
  endOnInterrupt()
  if (!/^ivo:\/\/[^/?#\s]+$/i.test(authority)) {
    throw new UsageError(`${JSON.stringify(authority)} is not an authority: expected ivo://NAME`)
  }
  const forgotten = await withRegistry(file, ({ environment, pool }) => {
    const { config } = requireRegistry(environment)
    if (sameIvoid(authorityOf(config.authority), authority)) {
      throw new UsageError(`${authority} is the authority of this environment: its records would come back`)
    }
    return forgetAuthority(pool, authority)
  })
  writeResult({ forgotten }, flags, () =>
    [...forgotten, `${forgotten.length} ${forgotten.length === 1 ? 'record' : 'records'} forgotten`].join('\n'),
  )
}
