import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { functionNames } from '../../../deploy/bundles/bundle.ts'
import { bundleFunctions } from '../../support/bundles.ts'
import { ROOT, startFunction, writeEnvironment } from '../../support/function-process.ts'
import { HEALTH, NOT_DEPLOYED_BY_TERRAFORM } from './policy-rules.ts'

const names = await functionNames()
const deployed = names.filter((name) => !NOT_DEPLOYED_BY_TERRAFORM.includes(name))

/** What the start-up probe gets; `null` where the function has ended by itself. */
async function probe(name: string, environment: string): Promise<number | null> {
  try {
    const source = join(await bundleFunctions(), name)
    const { url } = await startFunction({ target: name, source }, await writeEnvironment(environment))
    return (await fetch(url + HEALTH)).status
  } catch (error) {
    expect(String(error)).toContain('the framework ended with')
    return null
  }
}

test.each(deployed)('%s answers its start-up probe with the environment file of the example', async (name) => {
  const example = await readFile(join(ROOT, 'terraform', 'environments', 'example.yaml'), 'utf8')
  expect(await probe(name, example.replaceAll('DATABASE_USER', `almagest-${name}@p.iam`))).toBe(200)
})

test.each(names)('%s does not pass its start-up probe with an environment file that cannot be used', async (name) => {
  expect(await probe(name, 'tap: {servers: {tap: {schemas: 7}}}')).not.toBe(200)
})
