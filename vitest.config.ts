import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// For the processes of the run and what they start. Code that Node.js has compiled once, and stripped of its types, is kept where
// `almagest` keeps it, too.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'node-compile-cache')
// esbuild and Terraform end soon: they need not collect garbage so often.
process.env.GOGC ??= '400'

/** Files that take long, because they wait for processes: what begins last must not be one of them. */
const LONG =
  /test\/(local\/start|instances\/|console\/|deployed\/|deploy\/(terraform|package)\/|clients\/|tap-schema\/(swap|lock))/

class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification) => LONG.test(moduleId)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    // Node.js runs the files as they are, as it does in production; nothing is mocked that would need another loader.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    // A process serves many files, so that what they share is loaded once. test/README.md says what that asks of a file.
    isolate: false,
    sequence: { sequencer: LongFilesFirst },
    // Tests wait for PostgreSQL and for processes more than they compute; all share one cluster.
    maxWorkers: Math.min(8, availableParallelism() + 1),
    // Only for what hangs: how long a test takes depends on the machine, and none is to fail by that.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
  },
})
