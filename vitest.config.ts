import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    // Tests wait for PostgreSQL and for processes more than they compute; all share one cluster.
    maxWorkers: Math.min(8, availableParallelism() + 1),
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
})
