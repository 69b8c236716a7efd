import { execFile } from 'node:child_process'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { buildClient } from '../../../deploy/client/build-client.ts'
import { ROOT, temporaryFolder } from '../../support/function-process.ts'

const run = promisify(execFile)

const SCRIPT = `
import { DiscoveryClient, DiscoveryError } from 'almagest/client'
const fetch = async () => new Response('{"tap_schemas": {"tap": {"version": "w.1"}}}')
const client = new DiscoveryClient({ baseUrl: 'https://data.example.org/repertoire', fetch })
console.log((await client.tapSchema('tap')).version)
await client.tapSchema('tab').catch((error) => console.log(error instanceof DiscoveryError, error.code))
`

/** The name of a member is a text, and taking it for a number is an error that the compiler must find. */
const TYPED = `
import { DiscoveryClient } from 'almagest/client'
const client: DiscoveryClient = new DiscoveryClient({ baseUrl: 'https://data.example.org' })
export const url: Promise<string> = client.serviceUrl('sia', 'dp1')
// @ts-expect-error
export const wrong: Promise<number> = client.serviceUrl('sia', 'dp1')
`

test('almagest/client runs and is typed where the package is installed', async () => {
  const folder = await temporaryFolder()
  const installed = join(folder, 'node_modules', 'almagest')
  await mkdir(installed, { recursive: true })
  await cp(join(ROOT, 'package.json'), join(installed, 'package.json'))
  await buildClient(join(installed, 'dist', 'client'))
  await writeFile(join(folder, 'package.json'), '{"type": "module"}')
  await writeFile(join(folder, 'use.js'), SCRIPT)
  await writeFile(join(folder, 'typed.ts'), TYPED)
  const { stdout } = await run(process.execPath, ['use.js'], { cwd: folder })
  expect(stdout).toBe('w.1\ntrue not_in_discovery\n')
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  const flags = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'esnext',
    '--lib',
    'esnext,dom',
    'typed.ts',
  ]
  await expect(run(process.execPath, [compiler, ...flags], { cwd: folder })).resolves.toMatchObject({ stdout: '' })
})
