import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** These compute and read only: no file changes what the next one finds in the process, so they can share one. */
const PURE = ['adql', 'discovery', 'environment', 'felis', 'releases', 'results'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
)

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    // Tests wait for PostgreSQL and for processes more than they compute; all share one cluster.
    maxWorkers: Math.min(8, availableParallelism() + 1),
    // Only for what hangs: how long a test takes depends on the machine, and none is to fail by that.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    projects: [
      { extends: true, test: { name: 'pure', include: PURE, isolate: false } },
      { extends: true, test: { name: 'processes', include: ['test/**/*.test.ts'], exclude: PURE } },
    ],
  },
})
