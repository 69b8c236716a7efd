import type { Command } from 'commander'
import { addExamples } from './examples.ts'
import { declareExchange } from './server/exchange.ts'

export function declare(command: Command): void {
  declareExchange(command, {
    argument: 'the version that you expect in the previous slot; `almagest status` shows it',
    label: (version) => `rolling back to ${version}`,
    exchange: (server, request) => server.rollback(request),
    done: 'live again',
  })
  addExamples(
    command,
    [
      'rollback releases/w.2026.33 --id 17 --database postgresql://alice@db/tap',
      'rollback releases/w.2026.33 --deadline 120',
    ],
    ['A rollback to what was live before undoes it. With --id, the same call again changes nothing.'],
  )
}
