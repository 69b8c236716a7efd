import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { type OwnTables, OwnTablesList } from './own-tables.ts'
import type { Catalogue, SchemaInfo, TableInfo } from './tables.ts'

/** The schemas, tables and columns of a service; what is clicked is written into the query. */
export function SchemaBrowser(props: {
  readonly catalogue: Catalogue
  /** What the person who looks keeps; null: nothing can be kept here, or it is not known who looks. */
  readonly own: OwnTables | null
  readonly onInsert: (text: string) => void
}): VNode {
  const { catalogue, own, onInsert } = props
  const [text, setText] = useState('')
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const schemas = words.length === 0 ? catalogue.schemas : catalogue.schemas.flatMap((schema) => narrow(schema, words))
  return html`
    <aside class="browser" aria-label="Tables">
      <label>Search tables and columns
        <input type="search" value=${text} onInput=${(event: Event) => setText((event.currentTarget as HTMLInputElement).value)} />
      </label>
      ${own !== null && html`<${OwnTablesList} own=${own} onInsert=${onInsert} />`}
      ${schemas.length === 0 && html`<p class="quiet">Nothing fits.</p>`}
      ${schemas.map(
        (schema) => html`
          <details key=${schema.name} open=${words.length > 0 || schemas.length <= 2}>
            <summary title=${schema.description}>${schema.name} <span class="quiet">${schema.tables.length}</span></summary>
            ${schema.tables.map((table) => html`<${Table} key=${table.name} table=${table} isOpen=${words.length > 0} onInsert=${onInsert} />`)}
          </details>`,
      )}
    </aside>` as VNode
}

function Table(props: {
  readonly table: TableInfo
  readonly isOpen: boolean
  readonly onInsert: (text: string) => void
}): VNode {
  const { table, onInsert } = props
  const [isOpen, setOpen] = useState(false)
  const isShown = isOpen || props.isOpen
  return html`
    <details open=${isShown} onToggle=${(event: Event) => setOpen((event.currentTarget as HTMLDetailsElement).open)}>
      <summary>${table.name} <button class="insert" onClick=${() => onInsert(table.name)} aria-label=${`Insert ${table.name}`}>+</button></summary>
      ${table.description !== undefined && html`<p class="quiet">${table.description}</p>`}
      ${
        isShown &&
        html`
          <ul>
            ${table.columns.map(
              ({ name, unit, ucd, datatype, description }) => html`
                <li>
                  <button class="column" onClick=${() => onInsert(name)} title=${[description, ucd].filter(Boolean).join('\n')}>${name}</button>
                  <span class="quiet">${[datatype, unit].filter(Boolean).join(', ')}</span>
                </li>`,
            )}
          </ul>`
      }
    </details>` as VNode
}

/** What of a schema holds all words in a name or description; a table that fits by itself keeps all its columns. */
function narrow(schema: SchemaInfo, words: readonly string[]): SchemaInfo[] {
  const fits = (text: string) => words.every((word) => text.toLowerCase().includes(word))
  const tables = schema.tables.flatMap((table) => {
    if (fits(`${table.name} ${table.description ?? ''}`)) return [table]
    const columns = table.columns.filter(({ name, description = '', ucd = '' }) =>
      fits(`${table.name} ${name} ${description} ${ucd}`),
    )
    return columns.length === 0 ? [] : [{ ...table, columns }]
  })
  return tables.length === 0 ? [] : [{ ...schema, tables }]
}
