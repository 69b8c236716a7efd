import type { FunctionProcess } from '../support/function-process.ts'
import { type Fleet, newName, ROWS } from './fleet.ts'

/** A CSV of objects of the catalogue. */
export function targets(rows: number): Blob {
  const lines = Array.from({ length: rows }, (_, index) => `${(index * 7) % ROWS},note ${index}`)
  return new Blob([`object_id,note\n${lines.join('\n')}\n`], { type: 'text/csv' })
}

/** How many rows of a user's table the catalogue has; why that cannot be said, where it cannot. */
export async function countRows(fleet: Fleet, user: string, table: string, instance?: FunctionProcess) {
  const QUERY = `SELECT COUNT(*) AS n FROM ${table} AS t JOIN survey.object AS o ON o.object_id = t.object_id`
  const form = { LANG: 'ADQL', FORMAT: 'csv', QUERY }
  const { status, text } = await fleet.call(user, 'POST', '/sync', form, instance)
  if (status === 200) return Number(text.split('\n')[1])
  if (status !== 400) throw new Error(`${table} could not be queried: ${status} ${text}`)
  return text
}

/**
 * A user who makes a table, adds to it, shares it, queries it in a job and drops it, again and again, at any instances. A
 * request whose answer was lost is sent again, so that a table may be there already, and rows twice; never a part of them.
 */
export async function keepTables(fleet: Fleet, user: string, rounds: number): Promise<void> {
  const send = async (method: string, path: string, form: Parameters<Fleet['call']>[3], ...allowed: number[]) => {
    const { status, text } = await fleet.call(user, method, path, form)
    if (!allowed.includes(status)) throw new Error(`${method} ${path} was answered with ${status}: ${text}`)
  }
  for (let round = 0; round < rounds; round++) {
    const name = `t_${newName()}`
    const table = `user_${user}.${name}`
    await send('PUT', `/tables/${name}`, targets(10), 200, 409)
    await send('POST', `/load/${name}`, targets(10), 200)
    const rows = await countRows(fleet, user, table)
    if (typeof rows === 'string' || rows < 20 || rows % 10 !== 0) throw new Error(`${table} has ${rows} rows`)
    await send('POST', `/tables/${name}/share`, { USER: 'friend' }, 200)
    const seen = await countRows(fleet, 'friend', table)
    if (seen !== rows) throw new Error(`a friend sees ${seen} of ${rows} rows`)
    const hidden = await countRows(fleet, 'stranger', table)
    if (typeof hidden === 'number') throw new Error(`a stranger sees ${table}`)
    // The job may find the table gone.
    await send('POST', '/async', { LANG: 'ADQL', QUERY: `SELECT note FROM ${table}`, PHASE: 'RUN' }, 303)
    await send('DELETE', `/tables/${name}`, undefined, 200, 404)
    const dropped = await countRows(fleet, user, table)
    if (typeof dropped === 'number') throw new Error(`${table} is dropped and has ${dropped} rows`)
  }
}
