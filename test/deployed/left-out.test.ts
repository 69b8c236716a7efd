import { spawnSync } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseEnvironment } from '../../shared/environment/parse.ts'
import { bundleFunctions } from '../support/bundles.ts'

// That PUBLIC, PRIVATE and PSC work without gRPC is shown by frozen.test.ts.

test('no environment file can ask for the one way that needs gRPC', () => {
  const database = '{instance: "p:europe-west1:tap", ipType: SQL_DATA, user: u@p.iam, name: tap}'
  const text = `tap: {servers: {tap: {schemas: [survey], database: ${database}}}}`
  const { environment, problems } = parseEnvironment('environment.yaml', text)
  expect(environment).toBeNull()
  expect(problems.map(({ message }) => message).join()).toMatch(/PUBLIC, PRIVATE, PSC, not "SQL_DATA"/)
})

test('what is left out of a bundle says its name and who needs it when somebody gets there all the same', async () => {
  const connector = await findConnector(join(await bundleFunctions(), 'swap-schema'))
  const script = `
    import { Connector } from '${connector}'
    const options = { instanceConnectionName: 'p:europe-west1:tap', ipType: 'SQL_DATA', authType: 'IAM' }
    const { stream } = await new Connector().getOptions(options)
    stream()`
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  expect(status).toBe(1)
  expect(stderr).toContain('@google-cloud/sql is not part of the bundle: the SQL_DATA path of the connector needs it')
})

/** The chunk of a bundle that is the connector. */
async function findConnector(folder: string): Promise<string> {
  for (const file of await readdir(folder)) {
    if (file.endsWith('.js') && /\bas Connector\b/.test(await readFile(join(folder, file), 'utf8')))
      return join(folder, file)
  }
  throw new Error(`there is no connector in ${folder}`)
}
