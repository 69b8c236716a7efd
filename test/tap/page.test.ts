import { describe, expect, test } from 'vitest'
import { formatExamples } from '../../shared/tap/examples.ts'
import { formatPage } from '../../shared/tap/page.ts'
import { findXmlFault } from '../../shared/xml/find-fault.ts'

const HOSTILE = `</pre><script>alert("1")</script> & ' \u0000`

/** Readers of XML know no document types; browsers want one. */
function faultOf(page: string) {
  expect(page).toMatch(/^<!DOCTYPE html>\n/)
  return findXmlFault(page.replace('<!DOCTYPE html>\n', ''))
}

const EXAMPLE = { name: 'All stars', query: 'SELECT *\nFROM sky.star', description: null, table: null }

describe('the page of examples', () => {
  test('is XHTML with one vocabulary, and a name and a query in each example', () => {
    const page = formatExamples('TAP', [EXAMPLE, { ...EXAMPLE, table: 'sky.star', description: 'Two' }])
    expect(faultOf(page)).toBeNull()
    expect(page.match(/vocab=/g)).toEqual(['vocab='])
    expect(page).toContain('<div id="all-stars" resource="#all-stars" typeof="example">')
    expect(page).toContain('<div id="all-stars-2" resource="#all-stars-2" typeof="example">')
    expect(page).toContain('<h2 property="name">All stars</h2>')
    expect(page).toContain('<pre property="query">SELECT *\nFROM sky.star</pre>')
    expect(page).toContain('<span property="table">sky.star</span>')
  })

  test.each(['1 & 2', '…', 'Éclat'])('has an identifier for %j', (name) => {
    expect(formatExamples('TAP', [{ ...EXAMPLE, name }])).toMatch(/<div id="[a-z][a-z0-9-]*" resource="#[a-z]/)
  })

  test('holds any text', () => {
    const page = formatExamples(HOSTILE, [{ name: HOSTILE, query: HOSTILE, description: HOSTILE, table: HOSTILE }])
    expect(faultOf(page)).toBeNull()
    expect(page).not.toContain('<script>')
  })
})

describe('the page of a service', () => {
  const subject = { title: 'TAP service tap', url: 'https://data.example.org/tap', examples: [], needsToken: false }

  test('says how to query it, with its first example or a query that works everywhere', () => {
    const page = formatPage(subject)
    expect(faultOf(page)).toBeNull()
    expect(page).toContain('TAP_SCHEMA.tables')
    expect(page).toContain('pyvo.dal.TAPService(&quot;https://data.example.org/tap&quot;)')
    expect(page).toContain('https://data.example.org/tap/sync')
    expect(page).not.toContain('/examples')
    expect(formatPage({ ...subject, examples: [EXAMPLE] })).toContain('/tap/examples')
  })

  test('holds any query, in quotes of the shell and of Python', () => {
    const query = `SELECT ra FROM t WHERE name = 'O''Neil' AND x = '\\"'`
    const page = formatPage({ ...subject, examples: [{ ...EXAMPLE, query }] })
    expect(faultOf(page)).toBeNull()
    expect(page).toContain(`'QUERY=SELECT ra FROM t WHERE name = '\\''O'\\'''\\''Neil'\\''`)
    expect(faultOf(formatPage({ ...subject, title: HOSTILE, examples: [{ ...EXAMPLE, query: HOSTILE }] }))).toBeNull()
  })

  test('says that a token is needed where it is', () => {
    const page = formatPage({ ...subject, needsToken: true })
    expect(faultOf(page)).toBeNull()
    expect(page).toContain('Authorization: Bearer $TOKEN')
    expect(page).toContain('session=session')
  })
})
