import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { stringifySorted } from '../../cli/commands/discovery/describe-environments.ts'
import { callAlmagest } from '../support/call-command.ts'
import { DATA, HAS_DATA, NEEDS_DATA, readGolden } from '../support/golden.ts'

const GOLDEN = join(DATA, 'golden/discovery')

function folderOf(files: Readonly<Record<string, string | Buffer>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'almagest-discovery-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

const INFLUX = `influxdbDatabases:
  efd: {url: "https://i.example", database: efd, username: the-reader, passwordKey: the-key, schemaRegistry: "http://s"}
`
const ENVIRONMENT = `baseHostname: one.example
applications: [b, a]
rules: {a: [{type: ui, name: z, template: "https://{{base_hostname}}/z"}, {type: ui, name: y, template: "https://{{base_hostname}}/y"}]}
${INFLUX}`

describe.skipIf(!HAS_DATA)(`static forms of the golden environments${NEEDS_DATA}`, () => {
  test('are written for all of them at once, with sorted keys', async () => {
    const output = join(folderOf(), 'public', 'environments')
    const names = readdirSync(join(GOLDEN, 'environments')).filter((name) => name.endsWith('.config.yaml'))
    const files = names.map((name) => join(GOLDEN, 'environments', name))
    const { code, stdout } = await callAlmagest(['discovery', ...files, '--output', output])
    expect([code, stdout]).toEqual([0, ''])
    expect(readdirSync(output).sort()).toEqual(names.map((name) => name.replace('.yaml', '.json')).sort())
    for (const name of names) {
      const golden = readGolden(`discovery/environments/${name.replace('.config.yaml', '.discovery.json')}`)
      expect(readFileSync(join(output, name.replace('.yaml', '.json')), 'utf8')).toBe(stringifySorted(golden))
    }
  })

  test('are those of Repertoire for the same URLs, and in the form for notebooks', async () => {
    const urls = ['--base-url', 'https://example.com/repertoire', '--hips-base-url', 'https://example.com']
    const file = join(GOLDEN, 'config/phalanx.yaml')
    expect((await callAlmagest(['discovery', file, ...urls])).stdout).toBe(
      readFileSync(join(GOLDEN, 'discovery/phalanx.json'), 'utf8'),
    )
    expect((await callAlmagest(['discovery', file, ...urls, '--nublado'])).stdout).toBe(
      readFileSync(join(GOLDEN, 'discovery/nublado.json'), 'utf8'),
    )
  })
})

describe('almagest discovery', () => {
  test('writes one document to standard output, without credentials', async () => {
    const folder = folderOf({ 'one.yaml': ENVIRONMENT })
    const { code, stdout, stderr } = await callAlmagest(['discovery', join(folder, 'one.yaml')])
    expect([code, stderr]).toEqual([0, ''])
    expect(Object.keys(JSON.parse(stdout).services.ui)).toEqual(['y', 'z'])
    expect(stdout).toContain('https://one.example/repertoire/discovery/influxdb/efd')
    expect(stdout).not.toMatch(/the-reader|the-key/)
  })

  test('finds the HiPS lists beside the service, wherever that is said to be', async () => {
    const hips =
      'availableDatasets: [a]\ndatasets: {a: {description: A}}\nhips: {datasets: {a: {paths: [p]}}, pathPrefix: /hips, sourceTemplate: "https://h/{{dataset}}"}\n'
    const folder = folderOf({ 'one.yaml': ENVIRONMENT + hips })
    const run = async (...args: string[]) => {
      const { stdout } = await callAlmagest(['discovery', join(folder, 'one.yaml'), ...args])
      return JSON.parse(stdout).datasets.a.services.hips.url
    }
    expect(await run()).toBe('https://one.example/hips/a/list')
    expect(await run('--base-url', 'https://x.example/rsp/repertoire/')).toBe('https://x.example/rsp/hips/a/list')
    expect(await run('--base-url', 'https://x.example/other')).toBe('https://x.example/hips/a/list')
    expect(await run('--hips-base-url', 'https://y.example/')).toBe('https://y.example/hips/a/list')
  })

  test('writes nothing when one of the files cannot be used, and names every problem of all of them', async () => {
    const folder = folderOf({
      'good.yaml': ENVIRONMENT,
      'bad.yaml': 'baseHostname: h\nruls: {}\n',
      'worse.yaml': '{}\n',
      'latin1.yaml': Buffer.from('name: \xe4', 'latin1'),
    })
    const output = join(folder, 'out')
    const files = ['good', 'bad', 'worse', 'latin1'].map((name) => join(folder, `${name}.yaml`))
    const { code, stderr } = await callAlmagest(['discovery', ...files, '--output', output])
    expect(code).toBe(1)
    expect(stderr).toContain('3 environment files cannot be used')
    expect(stderr).toContain('bad.yaml:2:1: ruls: there is no key "ruls" here (did you mean rules?)')
    expect(stderr).toContain('worse.yaml: baseHostname: is missing')
    expect(stderr).toContain('latin1.yaml: is not text in UTF-8')
    expect(readdirSync(folder)).not.toContain('out')
  })

  test('keeps what is there when it cannot write, and refuses two files that would become one', async () => {
    const one = folderOf({ 'e.yaml': ENVIRONMENT, 'a-file': 'x' })
    const two = folderOf({ 'e.yml': ENVIRONMENT })
    const same = await callAlmagest(['discovery', join(one, 'e.yaml'), join(two, 'e.yml'), '-o', join(one, 'out')])
    expect([same.code, same.stderr.includes('would both become')]).toEqual([2, true])
    const taken = await callAlmagest(['discovery', join(one, 'e.yaml'), '-o', join(one, 'a-file')])
    expect([taken.code, taken.stderr]).toEqual([2, expect.stringContaining('cannot write to')])
    expect(readFileSync(join(one, 'a-file'), 'utf8')).toBe('x')
  })

  test.each([
    [['discovery'], 'missing required argument'],
    [['discovery', 'a.yaml', 'b.yaml'], 'several environments need --output DIR'],
    [['discovery', 'nowhere.yaml'], 'there is no such file'],
    [['discovery', 'a.yaml', '--base-url', 'ftp://x'], 'not an http or https URL'],
    [['discovery', 'a.yaml', '--base-url', 'https://x/?q'], 'without ? and #'],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await callAlmagest(args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
  })
})
