import { once } from 'node:events'
import { mkdtemp, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createNeighbours, HIPS_PATH, HIPS_TOKEN } from '../../local/neighbours.ts'
import { openSurveys } from '../../shared/deployment/open-surveys.ts'
import { buildRecords, findRecord } from '../../shared/registry/build-records.ts'
import { describeSurvey } from '../../shared/registry/survey-properties.ts'
import { formatRecord } from '../../shared/registry/write-record.ts'
import { HAS_XSD, NEEDS_XSD, validateXml } from '../support/xsd.ts'
import { smallEnvironment } from './environment.ts'

const environment = (source = 'https://hips.example/{{dataset}}', secrets = '/nowhere') =>
  smallEnvironment({
    registry: `  hipsSurveys: true
  services: [{ kind: hips, dataset: dp1, ivoid: "ivo://o.example/hips", created: 2026-01-01, title: List, description: All of it. }]
  entries: { "ivo://o.example/hips": { rights: Free, coverage: { spatial: "1/3" } } }`,
    more: `hips: { pathPrefix: /hips, sourceTemplate: "${source}", datasets: { dp1: { paths: [images/color] } } }
secretsDirectory: ${secrets}`,
  })

const URL_OF_TREE = 'https://hips.example/dp1/images/color'
const PROPERTIES = `# a comment
obs_title = Colours & more
obs_title = another
obs_description=Of the whole sky.
moc_sky_fraction = 1
t_min = 60000
t_max = 60010.5
em_min = 4e-7
em_max = 8e-7
obs_regime = Optical
`

function record(surveys: ReadonlyMap<string, string> | null) {
  const { records, held, problems } = buildRecords(environment(), new Map(), { surveys })
  expect(problems).toEqual([])
  return { text: formatRecord(findRecord(records, 'ivo://o.example/hips/color')!, new Date()), held }
}

test(`the record of a survey has what its properties say${NEEDS_XSD}`, async () => {
  const { text, held } = record(new Map([[URL_OF_TREE, PROPERTIES]]))
  expect(held).not.toContain('ivo://o.example/hips/color')
  expect(text).toContain('<title>Colours &amp; more</title>')
  expect(text).toContain('<description>Of the whole sky.</description>')
  expect(text).toContain(`<accessURL use="base">${URL_OF_TREE}</accessURL>`)
  expect(text).toContain('<rights>Free</rights>')
  expect(text.replaceAll(/\n\s*/g, '')).toContain(
    '<coverage><spatial>0/0-11</spatial><temporal>60000 60010.5</temporal><spectral>2.48306e-19 4.96611e-19</spectral><waveband>Optical</waveband></coverage>',
  )
  if (HAS_XSD) await validateXml(text)
})

test('without its properties it is held, or has what the list says', () => {
  expect(record(new Map()).held).toContain('ivo://o.example/hips/color')
  const { text, held } = record(null)
  expect(held).not.toContain('ivo://o.example/hips/color')
  expect(text).toContain('<title>List: color</title>')
  expect(text).toContain('<spatial>1/3</spatial>')
})

test.each([
  ['', null],
  ['moc_sky_fraction = 0.5', null],
  ['t_min = 5\nt_max = 4\nem_min = 0\nem_max = 1', null],
  ['t_min = x\nt_max = ', null],
  ['obs_regime = Optical or so', null],
  ['em_min = 1e-10\nem_max = 1e-9', { spectral: [1.98645e-16, 1.98645e-15] }],
])('what is no coverage is none: %j', (properties, coverage) => {
  const { coverage: found } = describeSurvey(properties)
  if (coverage === null) expect(found).toBeNull()
  else expect(found).toMatchObject(coverage)
})

test('properties are read with the token of the HiPS trees, and once for a while', async () => {
  const server = createNeighbours()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  let requests = 0
  server.on('request', () => {
    requests += 1
  })
  const secrets = await mkdtemp(join(tmpdir(), 'almagest-secrets-'))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}${HIPS_PATH}/heron`
  const text = environment(base, secrets)
  const url = `${base}/images/color`
  const [missing] = [...openSurveys(text).values()]
  await expect(missing!()).rejects.toThrow('the secret token')
  await writeFile(join(secrets, 'token'), `${HIPS_TOKEN}\n`)
  expect([...openSurveys(text).keys()]).toEqual([url])
  const absent = openSurveys(text).get(url)!
  await expect(absent()).rejects.toThrow('answered 404')
  await expect(absent()).rejects.toThrow('answered 404')
  expect(requests).toBe(1)
})
