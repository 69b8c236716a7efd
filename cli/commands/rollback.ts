import type { Command } from 'commander'
import { addExamples } from './examples.ts'
import { declareExchange } from './server/exchange.ts'

export function declare(command: Command): void {
  declareExchange(command, {
    argument: 'the version that you expect in the previous slot; `almagest status` shows it',
    label: (version) => `rolling back to ${version}`,
    exchange: (server, request) => server.rollback(request),
    done: ({ live, previous }) => `${live} is live again${previous === null ? '' : `; ${previous} is previous`}`,
  })
  addExamples(
    command,
    ['rollback releases/w.2026.33 --database postgresql://alice@db/tap', 'rollback releases/w.2026.33 --deadline 120'],
    ['Done twice, it undoes itself.'],
  )
}
