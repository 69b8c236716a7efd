import type { FunctionProcess } from '../support/function-process.ts'
import type { Fleet, Kind } from './fleet.ts'

/** Something that goes wrong, or that changes under the feet of the users. */
export interface Mishap {
  readonly name: string
  happen(): Promise<unknown>
}

/**
 * What goes wrong, in turn.
 *
 * @param spared processes that nobody kills
 */
export function mishapsOf(
  fleet: Fleet,
  random: () => number,
  spared: ReadonlySet<FunctionProcess> = new Set(),
): readonly Mishap[] {
  const anyOf = (kind: Kind) => {
    const exposed = fleet.processes[kind].filter((process) => !spared.has(process))
    return exposed[Math.floor(random() * exposed.length)]!
  }
  const letTimePass = async () => {
    await fleet.letTimePass()
    await fleet.watch()
  }
  const freeze = async () => {
    const { child } = anyOf('run-query')
    child.kill('SIGSTOP')
    await letTimePass()
    await pause(500 * random())
    child.kill('SIGCONT')
  }
  return [
    // While a result comes slowly its reader loses it to another one, which fails.
    ...qservMishaps(fleet).flatMap((mishap) => [mishap, { name: 'leases lost', happen: letTimePass }]),
    { name: 'swaps', happen: () => fleet.release() },
    { name: 'run-query killed', happen: () => fleet.replace(anyOf('run-query')) },
    { name: 'watched', happen: () => fleet.watch() },
    { name: 'PostgreSQL restarted', happen: () => fleet.restartDatabase() },
    { name: 'watched', happen: () => fleet.watch() },
    { name: 'tap killed', happen: () => fleet.replace(anyOf('tap')) },
    { name: 'leases lost', happen: letTimePass },
    { name: 'run-query frozen', happen: freeze },
    ...(fleet.processes['collect-results'].length > 0 ? [killedSweep(fleet, random)] : []),
  ]
}

function killedSweep(fleet: Fleet, random: () => number): Mishap {
  return {
    name: 'collect-results killed',
    async happen() {
      const sweeping = fleet.sweep()
      await pause(50 * random())
      const [collector] = fleet.processes['collect-results']
      if (collector !== undefined) await fleet.replace(collector)
      await sweeping
    },
  }
}

/** What Qserv does at its worst. A submit that may have arrived leaves a query that nobody can name. */
function qservMishaps({ qserv }: Fleet): readonly Mishap[] {
  if (qserv === null) return []
  const { faults, queries } = qserv
  return [
    { name: 'Qserv: submit in doubt', happen: async () => faults.add({ route: 'submit', kind: 'reset-after' }) },
    {
      name: 'Qserv: results come slowly',
      happen: async () => faults.add({ route: 'result', kind: 'drip', ms: 5, bytes: 4, times: 3 }),
    },
    {
      name: 'Qserv: a result is cut off',
      happen: async () => faults.add({ route: 'result', kind: 'truncate', bytes: 90 }),
    },
    {
      name: 'Qserv: 502 six times',
      happen: async () => faults.add({ route: 'status', kind: 'status', status: 502, times: 6 }),
    },
    { name: 'Qserv restarted', happen: async () => queries.restart() },
  ]
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds))
}
