import { dump } from 'js-yaml'
import { expect, test } from 'vitest'
import { MemoryStore } from '../../local/gcs/memory-store.ts'
import { describeResults, putSampleResults, RESULTS_BUCKET } from '../../local/sample-results.ts'
import { parseEnvironment } from '../../shared/environment/parse.ts'
import { createMatchRule } from '../../shared/results/classify/match-rule.ts'

test('the sample results fall under the rules of the local environment, but for one', async () => {
  const text = dump({ results: describeResults('postgresql://postgres@127.0.0.1:1/postgres') })
  const { environment, problems } = parseEnvironment('environment.yaml', text)
  expect(problems).toEqual([])
  const results = environment?.results
  expect(results).toMatchObject({ mode: 'dry-run', bucket: RESULTS_BUCKET })
  expect(results?.jobs?.databases[0]).toMatchObject({ url: 'postgresql://collector@127.0.0.1:1/uws' })

  const store = new MemoryStore()
  await store.createBucket(RESULTS_BUCKET)
  await putSampleResults(store)
  const objects = store.objects(RESULTS_BUCKET) ?? []
  const matchRule = await createMatchRule(results?.rules ?? [])
  const unmatched = objects.filter(({ name }) => matchRule(name) === null)
  expect(unmatched.map(({ name }) => name)).toEqual(['README.txt'])
  const ages = objects.map(({ timeCreated }) => Math.round((Date.now() - Date.parse(timeCreated)) / 3_600_000))
  expect([Math.min(...ages), Math.max(...ages)]).toEqual([2, 2400])
})

test('a later start makes them young again, and no more of them', async () => {
  const store = new MemoryStore()
  await store.createBucket(RESULTS_BUCKET)
  await putSampleResults(store)
  const first = store.objects(RESULTS_BUCKET) ?? []
  await putSampleResults(store)
  const second = store.objects(RESULTS_BUCKET) ?? []
  expect(second.map(({ name }) => name)).toEqual(first.map(({ name }) => name))
  expect(second.every(({ generation }, index) => generation !== first[index]?.generation)).toBe(true)
})
