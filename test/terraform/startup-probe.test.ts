import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Body, readConfiguration } from '../../cli/terraform/configuration.ts'
import { ROOT, startFunction, writeEnvironment } from '../support/function-process.ts'

const modules = await readConfiguration(join(ROOT, 'terraform'))
const locals = modules
  .flatMap(({ blocks }) => blocks)
  .find(({ kind, body }) => kind === 'locals' && 'functions' in body)!
const probes = Object.entries(locals.body.functions as Body).flatMap(([name, settings]) => {
  const { health } = settings as { readonly health: string | null }
  return health === null ? [] : [{ name, health }]
})

/** What the start-up probe gets; `null` where the function has ended by itself. */
async function probe({ name, health }: (typeof probes)[number], environment: string): Promise<number | null> {
  try {
    const source = join('functions', name, 'index.ts')
    const { url } = await startFunction({ target: name, source }, await writeEnvironment(environment))
    return (await fetch(url + health)).status
  } catch (error) {
    expect(String(error)).toContain('the framework ended with')
    return null
  }
}

test('three functions are probed', () => {
  expect(probes.map(({ name }) => name).sort()).toEqual(['collect-results', 'discovery', 'swap-schema'])
})

test.each(probes)('$name answers its start-up probe with the environment file of the example', async (function_) => {
  const example = await readFile(join(ROOT, 'terraform', 'environments', 'example.yaml'), 'utf8')
  expect(await probe(function_, example.replaceAll('DATABASE_USER', `almagest-${function_.name}@p.iam`))).toBe(200)
})

test.each(probes)(
  '$name does not pass its start-up probe with an environment file that cannot be used',
  async (function_) => {
    expect(await probe(function_, 'tap: {servers: {tap: {schemas: 7}}}')).not.toBe(200)
  },
)
