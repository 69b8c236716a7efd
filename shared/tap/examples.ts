import { Markup, xhtml, xhtmlPage } from './xhtml.ts'

/** A query that shows what a service is good for. */
export interface Example {
  readonly name: string
  readonly query: string
  readonly description: string | null
  readonly table: string | null
}

/** The page of examples, in RDFa for clients (DALI 1.1 §2.3, TAP 1.1 §2.5). */
export function formatExamples(title: string, examples: readonly Example[]): string {
  const ids = new Set<string>()
  const sections = examples.map((example) => formatExample(example, uniqueId(example.name, ids)))
  return xhtmlPage(`${title}: examples`, xhtml`<h1>${title}: examples</h1>\n${sections}`, VOCABULARY)
}

const VOCABULARY = new Markup(' vocab="http://www.ivoa.net/rdf/examples#"')

function formatExample({ name, query, description, table }: Example, id: string): Markup {
  const about = description === null ? [] : [xhtml`<p>${description}</p>`]
  const tables = table === null ? [] : [xhtml`<p>Table: <span property="table">${table}</span></p>`]
  return xhtml`<div id="${id}" resource="#${id}" typeof="example">
<h2 property="name">${name}</h2>
${about}
<pre property="query">${query}</pre>
${tables}
</div>`
}

/** By which others may point to the example: its name in lower case, a number behind it if need be. */
function uniqueId(name: string, ids: Set<string>): string {
  const plain = name
    .normalize('NFD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
  const base = /^[a-z]/.test(plain) ? plain : `example${plain === '' ? '' : `-${plain}`}`
  let id = base
  for (let number = 2; ids.has(id); number++) id = `${base}-${number}`
  ids.add(id)
  return id
}
