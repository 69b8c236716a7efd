import type { DatabaseSync } from 'node:sqlite'

/** Everything that SQLite knows of its tables, one line a thing, in a fixed order. */
export function readSqlite(database: DatabaseSync): readonly string[] {
  const tables = database.prepare("select name from sqlite_schema where type = 'table' order by name").all()
  return tables.flatMap(({ name }) => {
    const of = (pragma: string, of = name) => database.prepare(`select * from pragma_${pragma}(?)`).all(String(of))
    const columns = of('table_xinfo').map(
      ({ name: column, type, notnull, dflt_value, pk }) =>
        `column ${name}.${column}: ${type} ${notnull} ${literalOf(dflt_value)} ${pk}`,
    )
    const keys = of('foreign_key_list').map(
      ({ from, to, table, on_update, on_delete }) => `key ${name}.${from}: ${table}.${to} ${on_update} ${on_delete}`,
    )
    const indexes = of('index_list').map(({ name: index, unique, origin }) => {
      const parts = of('index_info', index).map((part) => String(part.name))
      return `index ${name} ${origin === 'c' ? index : ''} ${unique} ${origin}: ${parts.join(', ')}`
    })
    return [`table ${name}`, ...columns.map((line) => line.toLowerCase()), ...keys.sort(), ...indexes.sort()]
  })
}

/** SQLAlchemy puts some numbers in parentheses, and writes true as a word. */
function literalOf(value: unknown): string {
  const text = String(value).toLowerCase()
  return text === 'true' ? '1' : text === 'false' ? '0' : text
}
