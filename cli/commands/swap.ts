import type { Command } from 'commander'
import { addExamples } from './examples.ts'
import { declareExchange } from './server/exchange.ts'

export function declare(command: Command): void {
  declareExchange(command, {
    argument: 'the version that you expect in the staging slot; `almagest status` shows it',
    label: (version) => `swapping ${version} live`,
    exchange: (server, request) => server.swap(request),
    done: 'live',
  })
  addExamples(
    command,
    [
      'swap releases/w.2026.34 --id 42 --database postgresql://alice@db/tap',
      'swap releases/w.2026.34 --url https://swap-schema-abc.a.run.app --server tap',
    ],
    ['`almagest rollback VERSION` brings back what was live before.'],
  )
}
