import { DATATYPES } from '../../../shared/felis/datatypes.ts'
import type { Column, ForeignKeyConstraint, Schema, Table } from '../../../shared/felis/model.ts'
import type { StructureChange } from '../../../shared/tables/structure/change.ts'
import type { Change } from '../../../shared/tap-schema/diff-contents.ts'
import { describeField } from '../diff-schemas/describe-change.ts'
import type { FilesDiff } from '../diff-schemas/files-diff.ts'
import { type Html, html } from './html.ts'

/** A schema with the page that it gets. */
export interface PagedSchema {
  readonly schema: Schema
  /** From the root of the pages: `schemas/dp1.html`. */
  readonly page: string
}

export interface Site {
  readonly title: string
  readonly schemas: readonly PagedSchema[]
  readonly hasDiff: boolean
}

/** The frame of a page; `root` leads from it to the first one. */
function frame(site: Site, title: string, root: string, content: Html): string {
  const nav = site.hasDiff ? html` · <a href="${root}changes.html">changes</a>` : null
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="${root}browse.css">
</head>
<body>
<header><a href="${root}index.html">${site.title}</a>${nav}
<p><input type="search" aria-label="Search tables and columns" placeholder="Search tables and columns: name, unit, UCD, description" data-root="${root}"></p></header>
<main>
<p id="count" class="note" role="status"></p><table><tbody id="hits"></tbody></table>
${content}
</main>
<script src="${root}index.js"></script>
<script src="${root}search.js"></script>
</body>
</html>
`
  return page.text
}

/** The first page: all schemas. */
export function indexPage(site: Site): string {
  const rows = site.schemas.map(({ schema, page }) => {
    const columns = schema.tables.reduce((sum, table) => sum + table.columns.length, 0)
    return html`<tr><td class="name"><a href="${encodeURI(page)}">${schema.name}</a></td><td>${versionOf(schema)}</td><td>${schema.tables.length}</td><td>${columns}</td><td>${schema.description}</td></tr>
`
  })
  return frame(
    site,
    site.title,
    '',
    html`<h1>${site.title}</h1>
<table><thead><tr><th scope="col">schema</th><th scope="col">version</th><th scope="col">tables</th><th scope="col">columns</th><th scope="col">description</th></tr></thead><tbody>
${rows}</tbody></table>`,
  )
}

function versionOf({ version }: Schema): string {
  return version === null ? '' : typeof version === 'string' ? version : version.current
}

/** The page of a schema: its tables, each with its columns, keys and indexes. */
export function schemaPage(site: Site, { schema }: PagedSchema): string {
  const owners = new Map(schema.tables.flatMap((table) => table.columns.map(({ id, name }) => [id, { table, name }])))
  const list = schema.tables.map(
    (
      table,
    ) => html`<tr><td class="name"><a href="#${anchor(table.name)}">${table.name}</a></td><td>${table.columns.length}</td><td>${table.description}</td></tr>
`,
  )
  return frame(
    site,
    `${schema.name} – ${site.title}`,
    '../',
    html`<h1>${schema.name}</h1>
<p>${schema.description}</p>
<table><thead><tr><th scope="col">table</th><th scope="col">columns</th><th scope="col">description</th></tr></thead><tbody>
${list}</tbody></table>
${schema.tables.map((table) => tableSection(schema, table, owners))}`,
  )
}

type Owners = ReadonlyMap<string, { readonly table: Table; readonly name: string }>

function tableSection(schema: Schema, table: Table, owners: Owners): Html {
  const keyIds = table.primaryKey === null ? [] : [table.primaryKey].flat()
  return html`<section>
<h2 id="${anchor(table.name)}" class="name">${schema.name}.${table.name}</h2>
<p>${table.description}</p>
<div class="wide"><table><thead><tr><th scope="col">column</th><th scope="col">type</th><th scope="col">unit</th><th scope="col">UCD</th><th scope="col">description</th><th scope="col">notes</th></tr></thead><tbody>
${table.columns.map((column) => columnRow(table, column, keyIds))}</tbody></table></div>
${keyList(table, owners)}${indexList(table, owners)}</section>
`
}

function columnRow(table: Table, column: Column, keyIds: readonly string[]): Html {
  const notes = [
    ...(keyIds.includes(column.id) ? ['primary key'] : []),
    ...(column.principal === 1 ? ['principal'] : []),
    ...(column.std === 1 ? ['standard'] : []),
    ...(column.nullable ? [] : ['not null']),
  ]
  const shape = column.arraysize === null || column.arraysize === '' ? '' : `[${column.arraysize}]`
  const xtype = column.xtype === null || column.xtype === '' ? '' : ` ${column.xtype}`
  return html`<tr id="${anchor(`${table.name}.${column.name}`)}"><td class="name">${column.name}</td><td class="name">${DATATYPES[column.datatype].votable}${shape}${xtype}</td><td class="name">${unitOf(column)}</td><td class="name">${column.ucd}</td><td>${column.description}</td><td>${notes.join(', ')}</td></tr>
`
}

export function unitOf({ ivoaUnit, fitsUnit }: Column): string {
  return ivoaUnit || fitsUnit || ''
}

function keyList(table: Table, owners: Owners): Html | null {
  const keys = table.constraints.filter(
    (constraint): constraint is ForeignKeyConstraint => constraint.kind === 'ForeignKey',
  )
  if (keys.length === 0) return null
  const items = keys.map((key) => {
    const target = owners.get(key.referencedColumns[0] ?? '')?.table
    const columns = key.columns.map((id) => owners.get(id)?.name ?? id).join(', ')
    const referred = key.referencedColumns.map((id) => owners.get(id)?.name ?? id).join(', ')
    const name = target?.name ?? ''
    return html`<li><code>${key.name}</code>: ${columns} → <a href="#${anchor(name)}">${name}</a> (${referred}) ${key.description}</li>
`
  })
  return html`<h3>Foreign keys</h3><ul>
${items}</ul>
`
}

function indexList(table: Table, owners: Owners): Html | null {
  if (table.indexes.length === 0) return null
  const items = table.indexes.map(({ name, columns, expressions }) => {
    const on = columns?.map((id) => owners.get(id)?.name ?? id) ?? expressions ?? []
    return html`<li><code>${name}</code>: ${on.join(', ')}</li>
`
  })
  return html`<h3>Indexes</h3><ul>
${items}</ul>
`
}

/** What is different from another release. */
export function changesPage(site: Site, { from, to, tapSchema, structure }: FilesDiff): string {
  return frame(
    site,
    `Changes – ${site.title}`,
    '',
    html`<h1>${from.slot} → ${to.slot}</h1>
<h2>What queries see</h2>
${changeTable(tapSchema?.changes ?? [])}
<h2>Tables of the database</h2>
${changeTable(structure?.changes ?? [])}`,
  )
}

function changeTable(changes: readonly (Change | StructureChange)[]): Html {
  if (changes.length === 0) return html`<p>No changes.</p>`
  const rows = changes.map((change) => {
    const details = [
      ...('formerName' in change && change.formerName !== undefined ? [`was ${change.formerName}`] : []),
      ...Object.entries(change.fields ?? {}).map(([name, field]) => describeField(name, field)),
      ...('why' in change && change.why !== undefined ? [change.why] : []),
    ]
    const mark = change.breaking ? html`<span class="breaking">breaking</span>` : html`compatible`
    return html`<tr><td>${mark}</td><td>${change.kind} ${change.change}</td><td class="name">${change.name}</td><td>${details.join('; ')}</td></tr>
`
  })
  return html`<div class="wide"><table><thead><tr><th scope="col"></th><th scope="col">change</th><th scope="col">of</th><th scope="col">details</th></tr></thead><tbody>
${rows}</tbody></table></div>`
}

/** A name as the end of an address: its own, with what an address does not take encoded. */
export function anchor(name: string): string {
  return encodeURIComponent(name).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}
