import { textSql } from '../adql/postgresql/names.ts'
import { memberSql } from './literal.ts'
import { parseTemplate, type TemplatePart } from './template.ts'

/** The other columns of the record that a template needs. */
export function columnsIn(template: string): readonly string[] {
  return partsOf(template).flatMap((part) => (part.kind === 'column' ? [part.column] : []))
}

/** Whether it needs the key of the record. */
export function readsKey(template: string): boolean {
  return partsOf(template).some(({ kind }) => kind === 'key')
}

/** The text of a template, NULL where one of its parts has no value. `r` is the record, `doc` the document. */
export function templateSql(template: string, s: string): string {
  const parts = partsOf(template).map((part) => {
    const sql = partSql(part, s)
    return part.kind !== 'text' && part.url ? `${s}.url_encode(${sql})` : sql
  })
  return parts.length === 0 ? "''" : `(${parts.join(' || ')})`
}

function partSql(part: TemplatePart, s: string): string {
  switch (part.kind) {
    case 'text':
      return textSql(part.text)
    case 'key':
      return `key_${part.key}`
    case 'column':
      return `r.${part.column}::text`
    case 'member':
      return `${s}.part(${memberSql(part.path)})`
  }
}

function partsOf(template: string): readonly TemplatePart[] {
  const parts = parseTemplate(template)
  if (typeof parts === 'string') throw new RangeError(`a template of the mapping ${parts}`)
  return parts
}
