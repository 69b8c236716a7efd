import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { environmentText } from '../registry/environment.ts'
import { bundleFunctions } from '../support/bundles.ts'
import { spawnFunction, temporaryFolder } from '../support/function-process.ts'
import { BUNDLES, type BundleName } from './deployment.ts'

const WORKING = environmentText({
  more: `releases: {bucket: releases}
tap: {servers: {tap: {schemas: [a], databaseUrl: "postgresql://x@127.0.0.1:9/x", service: {url: "https://data.example.com/tap", jobs: {bucket: jobs, topic: projects/demo/topics/queries}}}}}
storage: {apiEndpoint: "http://127.0.0.1:9"}
console: {}
results: {bucket: results, rules: {r: {kind: result, pattern: '^r$', retention: 7d}}}
`,
})

async function start(name: BundleName, environment: string | null) {
  const file = join(await temporaryFolder(), 'environment.yaml')
  if (environment !== null) await writeFile(file, environment)
  const variables = { NODE_ENV: 'production', K_SERVICE: name }
  return spawnFunction({ target: name, source: join(await bundleFunctions(), name), variables }, file)
}

/** What an operator finds in the log of a process that ended. */
async function readEnd(name: BundleName, environment: string | null) {
  const { message } = await start(name, environment).then(
    () => expect.unreachable('it started'),
    (error: Error) => error,
  )
  const lines = message.split('\n').flatMap((line) => /\{"severity".*/.exec(line)?.[0] ?? [])
  return { ended: message.split(':', 1)[0], log: lines.map((line) => JSON.parse(line)) }
}

/** All functions read their environment file by the same code: one of them meets all of it, the others the first. */
const FAULTS: readonly (readonly [what: string, environment: string | null, reason: RegExp])[] = [
  ['two faults', `${WORKING}\ntpa: {}\ntopic: 7\n`, /tpa.*topic/s],
  ['a misspelt key', `${WORKING}\ntpa: {}\n`, /tpa/],
  ['no YAML', '{', /environment\.yaml/],
  ['no file', null, /does not exist/],
]

describe.each(BUNDLES)('the bundle of %s', (name) => {
  const faults = name === 'discovery' ? FAULTS : FAULTS.slice(0, 1)
  test.each(faults)(
    'does not start with %s in its environment file, and says so in its log',
    async (_what, environment, reason) => {
      const { ended, log } = await readEnd(name, environment)
      expect(ended).toBe('the framework ended with 1')
      expect(log.at(-1)).toMatchObject({
        severity: 'ERROR',
        message: expect.stringMatching(/^the function does not start: /),
        function: name,
      })
      expect(log.at(-1).message).toMatch(reason)
    },
  )
})

test.each([
  ['load-release', 'releases: {bucket: releases}', /does not say where releases lie/],
  [
    'collect-results',
    // Jobs of a TAP service say where results lie, too.
    /, jobs: \{[^}]*\}|results: \{.*\}/g,
    /says nothing about results/,
  ],
  ...(['tap', 'run-query', 'watch-queries'] as const).map(
    (name) => [name, /, service: \{.*\}(?=\}\}\})/, /no TAP server .* has a section service/] as const,
  ),
] as const)('%s does not start without what it is for', async (name, section, reason) => {
  const { log } = await readEnd(name, WORKING.replace(section, ''))
  expect(log.at(-1).message).toMatch(reason)
})
