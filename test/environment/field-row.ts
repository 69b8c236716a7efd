import type { Field } from '../../shared/environment/field.ts'

/** A row of the table in docs/configuration.md, as the field's row in the code has it. */
export function renderRow(field: Field): string {
  const key = nameOf(field)
  return `| \`${key}\` | ${describeType(field)} | ${describeDefault(field)} | ${field.meaning} |`
}

/** Those of the keys below a field that has a shape. */
export function renderRowsBelow(field: Field): string[] {
  if (field.type !== 'shaped') return []
  const rows = field.shape.rows?.(nameOf(field)) ?? []
  return rows.map((row) => `| \`${row.key}\` | ${row.type} | ${row.default} | ${row.meaning} |`)
}

function nameOf({ key }: Field): string {
  return key.replace('.*', '.NAME')
}

function describeType(field: Field): string {
  switch (field.type) {
    case 'section':
      return 'section'
    case 'named':
      return 'section of named sections'
    case 'text':
      return field.choices === undefined ? 'text' : field.choices.map((choice) => `\`${choice}\``).join(', ')
    case 'texts':
      return field.single ? 'text or list of texts' : 'list of texts'
    case 'integer':
      return `${field.min} to ${field.max}${field.nullable ? ', or null' : ''}`
    case 'shaped':
      return field.shape.type
    case 'flag':
      return '`true`, `false`'
  }
}

function describeDefault(field: Field): string {
  if (!('default' in field) || field.default === null) return ''
  return Array.isArray(field.default) ? '`[]`' : `\`${field.default}\``
}
