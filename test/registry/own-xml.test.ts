import { expect, test } from 'vitest'
import { buildRecords } from '../../shared/registry/build-records.ts'
import { formatRecord } from '../../shared/registry/write-record.ts'
import { smallEnvironment } from './environment.ts'
import { parseXml } from './examples.ts'

const RI =
  'xmlns:ri="http://www.ivoa.net/xml/RegistryInterface/v1.0" xmlns:vr="http://www.ivoa.net/xml/VOResource/v1.0"'
const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
const BODY = `<title>T &amp; <![CDATA[<T>]]></title><identifier>ivo://o.example/own</identifier>
  <curation><publisher>P</publisher><contact><name>N</name></contact></curation>
  <content><subject>surveys</subject><description> d </description><referenceURL>https://o.example/d</referenceURL></content>`
const file = (attributes = 'created="2026-01-01T00:00:00Z" xsi:type="vr:Service"', body = BODY) =>
  `<?xml version="1.0"?><!-- ours --><ri:Resource ${RI} ${XSI} ${attributes}>${body}</ri:Resource>`

function build(text: string) {
  const now = new Date('2026-06-01T00:00:00Z')
  const { records, problems, isComplete } = buildRecords(smallEnvironment(), new Map(), {
    now,
    files: new Map([['own.xml', text]]),
  })
  const record = records.find(({ kind }) => kind === 'own')
  return { record, messages: problems.map(({ message }) => message), isComplete }
}

test("date and state of a record are the registry's, its default namespace too", () => {
  const attributes =
    'created="2026-01-01T00:00:00Z" updated="2020-01-01T00:00:00Z" status="active" xsi:type="vr:Service"'
  const { record, messages } = build(file(attributes))
  expect(messages).toEqual([])
  const tree = parseXml(formatRecord(record!, new Date('2026-05-01T00:00:00Z')))
  expect(tree.attributes).toEqual({
    created: '2026-01-01T00:00:00Z',
    updated: '2026-05-01T00:00:00Z',
    status: 'active',
    'xsi:type': 'vr:Service',
  })
  expect(tree.children[0]).toMatchObject({ name: 'title', text: 'T & <T>' })
  expect(formatRecord(record!, new Date())).toContain('<ri:Resource xmlns=""')
})

test('a record in the namespace of the registry by default has its prefix, too', () => {
  const text = file().replaceAll('ri:Resource', 'Resource').replace('xmlns:ri=', 'xmlns=')
  const own = formatRecord(build(text).record!, new Date())
  expect(own).toMatch(/<ri:Resource xmlns="" xmlns:ri="http:[^"]+"/)
  expect(own).toContain('  <title>T &amp; &lt;T&gt;</title>')
})

test.each([
  ['line 1: it is not well-formed XML', 'text'],
  ['line 1: it is not well-formed XML: document must contain a root element', ''],
  ['line 1: it is not a Resource of the namespace http://www.ivoa.net/xml/RegistryInterface/v1.0', '<a/>'],
  ['it is not well-formed XML', file().slice(0, -5)],
  ['it has a document type', file().replace('<ri:', '<!DOCTYPE ri:Resource [<!ENTITY a "b">]><ri:')],
  ['its attribute created is not a date like 2026-04-16T00:00:00Z', file('xsi:type="vr:Service"')],
  ['it has no xsi:type', file('created="2026-01-01T00:00:00Z"')],
  ['its status is "deleted"', file('created="2026-01-01T00:00:00Z" xsi:type="vr:Service" status="deleted"')],
  ['its identifier "ivo://o.example/own x" is not a valid', file(undefined, BODY.replace('own</id', 'own x</id'))],
  ['it has no title', file(undefined, BODY.replace(/<title>.*<\/title>/, ''))],
  ['it has no curation/publisher', file(undefined, BODY.replace('<publisher>P</publisher>', ''))],
])('refused: %s', (complaint, text) => {
  const { record, messages, isComplete } = build(text)
  expect({ record, isComplete }).toEqual({ record: undefined, isComplete: false })
  expect(messages).toEqual([expect.stringContaining(complaint)])
  expect(messages[0]).toMatch(/^the record in own\.xml cannot be used: /)
})

test('it is checked as others are', () => {
  expect(build(file().replace('ivo://o.example/own', 'ivo://other.example/own')).messages).toEqual([
    expect.stringContaining('is not below the authority'),
  ])
})
