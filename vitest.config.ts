import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    // Tests wait for PostgreSQL and for processes more than they compute; all share one cluster.
    maxWorkers: Math.min(8, availableParallelism() + 1),
    // Only for what hangs: how long a test takes depends on the machine, and none is to fail by that.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
})
