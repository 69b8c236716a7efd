import type { Example } from './examples.ts'
import { xhtml, xhtmlPage } from './xhtml.ts'

export interface PageSubject {
  /** How the service is called. */
  readonly title: string
  /** Public, without a slash at its end. */
  readonly url: string
  readonly examples: readonly Example[]
  /** Whether a user needs a token. */
  readonly needsToken: boolean
}

const QUERY = 'SELECT TOP 10 table_name, description FROM TAP_SCHEMA.tables'

/** The page for a person who followed the service's URL: what it is, and how to query it. */
export function formatPage({ title, url, examples, needsToken }: PageSubject): string {
  const query = (examples[0]?.query ?? QUERY).trim()
  const token = needsToken ? [xhtml`<p>A token of your own is needed; <code>$TOKEN</code> stands for it.</p>`] : []
  const links = ['tables', 'capabilities', 'availability', ...(examples.length > 0 ? ['examples'] : [])]
  const header = needsToken ? ' -H "Authorization: Bearer $TOKEN"' : ''
  const curl = `curl${header} ${url}/sync -d LANG=ADQL -d RESPONSEFORMAT=csv \\\n  --data-urlencode ${quoteForShell(`QUERY=${query}`)}`
  return xhtmlPage(
    title,
    xhtml`<h1>${title}</h1>
<p>This is a service of the Virtual Observatory: tables that you query with
<a href="https://www.ivoa.net/documents/ADQL/">ADQL</a>, a dialect of SQL for astronomy, through the
<a href="https://www.ivoa.net/documents/TAP/">Table Access Protocol</a>. Its address, for any client of TAP:</p>
<pre>${url}</pre>
${token}
<h2>TOPCAT</h2>
<p>Choose <em>VO</em>, <em>Table Access Protocol (TAP) Query</em>, and enter the address as the <em>TAP URL</em>.</p>
<h2>Python</h2>
<pre>${describePython(url, query, needsToken)}</pre>
<h2>curl</h2>
<pre>${curl}</pre>
<h2>What there is</h2>
<ul>
${links.map((name) => xhtml`<li><a href="${`${url}/${name}`}">${name}</a></li>`)}
</ul>`,
  )
}

function describePython(url: string, query: string, needsToken: boolean): string {
  const session = needsToken
    ? 'import os, requests\nsession = requests.Session()\nsession.headers["Authorization"] = "Bearer " + os.environ["TOKEN"]\n'
    : ''
  const service = `pyvo.dal.TAPService(${JSON.stringify(url)}${needsToken ? ', session=session' : ''})`
  return `import pyvo\n${session}tap = ${service}\ntap.search(${JSON.stringify(query)}).to_table()`
}

function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
