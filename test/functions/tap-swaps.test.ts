import { expect, test } from 'vitest'
import { rollback } from '../../shared/tap-schema/rollback.ts'
import { runs } from '../support/effort.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { readAnswer, startTap } from './tap-service.ts'

/** A release whose names and descriptions tell which one it is. */
function release(version: string): ReadonlyMap<string, string> {
  const columns = ['object_id', 'ra', 'dec'].map((name) => ({
    name,
    datatype: name === 'object_id' ? 'long' : 'double',
    extra: `description: of ${version}`,
  }))
  return new Map([['survey.yaml', sampleSchema('survey', { object: [...columns, { name: `only_${version}` }] })]])
}

const COLUMNS = `SELECT c.column_name, c.description FROM tap_schema.columns AS c
  JOIN tap_schema.tables AS t ON t.table_name = c.table_name WHERE t.table_name = 'survey.object'`
const ROWS = 'SELECT TOP 3 object_id, dec FROM survey.object'

test('swaps under a load of requests: each answer is whole of one release, which it names, and none fails', async () => {
  const tap = await startTap({ files: release('a') })
  await tap.goLive('b', release('b'))
  const seen = new Set<string>()
  const wrong: string[] = []
  let answers = 0
  let isOver = false
  const releaseOf = (text: string) => /name="release" value="([^"]*)"/.exec(text)?.[1] ?? ''
  const check = (isRight: boolean, what: string) => {
    answers += 1
    if (!isRight) wrong.push(what.slice(0, 500))
  }
  const askColumns = async () => {
    while (!isOver) {
      const answer = await tap.query(COLUMNS)
      if (answer.status !== 200) check(false, answer.text)
      else {
        const name = releaseOf(answer.text) === 'b' ? 'b' : 'a'
        seen.add(name)
        const cells = readAnswer(answer).rows.map((row) => row.map(String))
        const isRight = cells.every(
          ([column, description]) => column === `only_${name}` || description === `of ${name}`,
        )
        check(cells.length === 4 && isRight, JSON.stringify([name, cells]))
      }
    }
  }
  const askRows = async () => {
    while (!isOver) {
      const answer = await tap.query(ROWS)
      const { fields, rows } = answer.status === 200 ? readAnswer(answer) : { fields: [], rows: [] }
      const name = releaseOf(answer.text) === 'b' ? 'b' : 'a'
      const told = /<DESCRIPTION>of (\w)</.exec(answer.text)?.[1]
      check(rows.length === 3 && fields.length === 2 && told === name, answer.text)
    }
  }
  const askTables = async () => {
    while (!isOver) {
      const { status, text } = await tap.get('/tables')
      const names = [...new Set([...text.matchAll(/only_(\w)/g)].map(([, name]) => name))]
      const told = [...new Set([...text.matchAll(/>of (\w)</g)].map(([, name]) => name))]
      check(status === 200 && names.length === 1 && told.join() === names.join(), `${status} ${names} ${told}`)
    }
  }
  const load = [askColumns(), askColumns(), askRows(), askRows(), askTables()]
  let live = 'b'
  const swaps = runs(12)
  for (let turn = 0; turn < swaps; turn++) {
    live = live === 'b' ? 'w.2026.01' : 'b'
    await rollback(tap.database.pool, { expectedVersion: live, actor: 'tester' })
  }
  isOver = true
  await Promise.all(load)
  expect(wrong).toEqual([])
  expect([...seen].sort()).toEqual(['a', 'b'])
  expect(answers).toBeGreaterThan(swaps)
})
