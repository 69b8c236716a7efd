import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { functionNames } from '../../../deploy/bundles/bundle.ts'
import { BUNDLES } from '../../deployed/deployment.ts'
import { bundleFunctions } from '../../support/bundles.ts'
import { ROOT, startFunction, writeEnvironment } from '../../support/function-process.ts'
import { HEALTH } from './policy-rules.ts'

const names = await functionNames()

/** What the start-up probe gets, with no database, bucket or topic in reach; `null` where the function has ended by itself. */
async function probe(name: string, environment: string): Promise<unknown> {
  try {
    const source = join(await bundleFunctions(), name)
    const variables = { NODE_ENV: 'production', K_SERVICE: name }
    const { url } = await startFunction({ target: name, source, variables }, await writeEnvironment(environment))
    const answer = await fetch(url + HEALTH)
    return [answer.status, await answer.json()]
  } catch (error) {
    expect(String(error)).toContain('the framework ended with')
    return null
  }
}

const HEALTHY = [200, expect.objectContaining({ status: 'ok' })]

/** Deployed where the environment file describes them: the example has no TAP service. */
const OPTIONAL = ['registry', 'run-query', 'tap', 'watch-queries']

test.each(names.filter((name) => !OPTIONAL.includes(name)))(
  '%s answers its start-up probe with the environment file of the example',
  async (name) => {
    const example = await readFile(join(ROOT, 'terraform', 'environments', 'example.yaml'), 'utf8')
    expect(await probe(name, example.replaceAll('DATABASE_USER', `almagest-${name}@p.iam`))).toEqual(HEALTHY)
  },
)

test.each(OPTIONAL)('%s answers it with an environment file that has a TAP service and a registry', async (name) => {
  const file = join(ROOT, 'terraform', 'tests', 'environments', 'with-tap.yaml')
  const example = await readFile(file, 'utf8')
  expect(await probe(name, example.replaceAll('DATABASE_USER', `almagest-${name}@p.iam`))).toEqual(HEALTHY)
})

test('all are among those that do not start with an environment file that cannot be used (deployed/start.test.ts)', () => {
  expect([...BUNDLES].sort()).toEqual([...names].sort())
})
