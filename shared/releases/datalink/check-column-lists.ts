import { nearMiss } from '../../near-miss.ts'
import type { Problem } from '../../problem.ts'
import { Locator } from '../../yaml/locate.ts'
import { readYaml } from '../../yaml/read.ts'
import { isYamlList, isYamlMap, type YamlValue } from '../../yaml/values.ts'
import { DatalinkReport } from './problems.ts'
import type { PublishedColumns } from './published-columns.ts'

/**
 * Checks a hand-written `columns-*.yaml`: `tables: {table: {kind: [column, …]}}`. datalinker asks for the columns by
 * name, so each of them has to be published; a table that is not is never asked for.
 */
export function checkColumnLists(file: string, text: string, published: PublishedColumns): readonly Problem[] {
  const report = new DatalinkReport(file, text)
  const read = readYaml(text)
  if ('problem' in read) {
    report.add('column_lists_invalid', read.problem.message, { offset: read.problem.offset })
    return report.problems
  }
  for (const { key, offset } of read.duplicates) {
    report.add('column_lists_invalid', `${key} is here a second time`, { offset })
  }
  const problems: Problem[] = [...report.problems]
  const locator = new Locator(text)
  const add = (keys: readonly string[], problem: Pick<Problem, 'code' | 'message' | 'severity' | 'suggestion'>) => {
    problems.push({ file, ...locator.find({ keys, at: 'key' }), path: keys.join('.'), ...problem })
  }
  const invalid = (keys: readonly string[], message: string) =>
    add(keys, { code: 'column_lists_invalid', severity: 'error', message })

  const tables = isYamlMap(read.value) ? read.value.get('tables') : undefined
  if (tables === undefined || !isYamlMap(tables)) {
    invalid([], 'expected `tables:`, and below it table → kind of list → columns')
    return problems
  }
  for (const [key, lists] of tables) {
    const table = String(key)
    const columns = published.tables.get(table)
    if (columns === undefined) {
      const suggestion = nearMiss(table, published.tables.keys())
      const message = `the table ${table} is not published`
      const hint = suggestion === undefined ? {} : { suggestion }
      add(['tables', table], { code: 'table_unknown', severity: 'warning', message, ...hint })
    }
    if (isYamlMap(lists)) checkLists(table, lists, columns)
    else invalid(['tables', table], `expected kind of list → columns below ${table}`)
  }
  return problems

  function checkLists(
    table: string,
    lists: ReadonlyMap<unknown, YamlValue>,
    columns: ReadonlySet<string> | undefined,
  ): void {
    for (const [kind, names] of lists) {
      const keys = ['tables', table, String(kind)]
      if (!isYamlList(names) || !names.every((name) => typeof name === 'string')) {
        invalid(keys, `${kind} of ${table} must be a list of names; write [] for none`)
        continue
      }
      if (columns === undefined) continue
      for (const [index, name] of names.entries()) {
        if (columns.has(String(name))) continue
        const suggestion = nearMiss(String(name), columns)
        const message = `the table ${table} has no column ${name}`
        const hint = suggestion === undefined ? {} : { suggestion }
        add([...keys, String(index)], { code: 'column_unknown', severity: 'error', message, ...hint })
      }
    }
  }
}
