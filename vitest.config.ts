import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    // Node.js runs the files as they are, as it does in production; nothing is mocked that would need another loader.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    // A process serves many files, so that what they share is loaded once. test/README.md says what that asks of a file.
    isolate: false,
    // Tests wait for PostgreSQL and for processes more than they compute; all share one cluster.
    maxWorkers: Math.min(8, availableParallelism() + 1),
    // Only for what hangs: how long a test takes depends on the machine, and none is to fail by that.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
  },
})
