import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Form, readForm } from '../../shared/platform/http/form.ts'
import { boundaryOf, parseMultipart, textOf } from '../../shared/platform/http/multipart.ts'
import { send, sendError } from '../../shared/platform/http/response.ts'

const LIMITS = { bytes: 200_000, textBytes: 1000, parts: 5 }

let server: http.Server
let url: string
let form: Form | undefined

beforeAll(async () => {
  server = http.createServer(async (request, response) => {
    try {
      form = undefined
      form = await readForm(request, response, LIMITS)
      send(response, { status: 204, body: undefined })
    } catch (error) {
      sendError(response, error)
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => {
  server.close()
})

async function post(body: Buffer | FormData | AsyncIterable<Uint8Array>, contentType?: string) {
  const headers: HeadersInit = contentType === undefined ? {} : { 'content-type': contentType }
  const response = await fetch(url, { method: 'POST', body, headers, duplex: 'half' } as unknown as RequestInit)
  const message = response.status === 204 ? '' : (JSON.parse(await response.text()).detail[0].msg as string)
  return { status: response.status, message }
}

/** A body with the boundary `b`, its lines ended as they have to be. */
const lines = (...text: readonly string[]) => Buffer.from(text.join('\r\n'))
const B = 'multipart/form-data; boundary=b'
const field = 'Content-Disposition: form-data; name="a"'

test('a form of fetch, with text of any script and a file, arrives as it was', async () => {
  const sent = new FormData()
  const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index % 251)
  sent.append('QUERY', 'select "é"\r\n  from 表')
  sent.append('query', '')
  sent.append('t1', new Blob([bytes], { type: 'application/x-votable+xml' }), 'a "b"\\.vot')
  expect(await post(sent)).toEqual({ status: 204, message: '' })
  expect(form?.pairs).toEqual([
    ['QUERY', 'select "é"\r\n  from 表'],
    ['query', ''],
  ])
  const file = form?.files.get('t1')
  expect(file?.contentType).toBe('application/x-votable+xml')
  expect(Buffer.from(file?.content ?? []).equals(bytes)).toBe(true)
})

test('a body in chunks, cut anywhere, is read', async () => {
  const body = lines('--b', field, '', '1', '--b--', '')
  async function* bytes() {
    for (const byte of body) yield Uint8Array.of(byte)
  }
  expect(await post(bytes(), B)).toEqual({ status: 204, message: '' })
  expect(form?.pairs).toEqual([['a', '1']])
})

test.each([
  ['what stands before and after the form is not read', ['x', '--b', field, '', '1', '--b--', 'y'], [['a', '1']]],
  ['the first line may be empty, as STILTS has it', ['', '--b', field, '', '1', '--b--'], [['a', '1']]],
  ['a form without parts is empty', ['--b--', ''], []],
  ['an empty value is a value', ['--b', field, '', '', '--b--'], [['a', '']]],
  [
    'a longer line that begins like a delimiter is content',
    ['--b', field, '', '1', '--bc', '2', '--b--'],
    [['a', '1\r\n--bc\r\n2']],
  ],
  [
    'blanks behind a delimiter are no content',
    ['--b \t', field, '', '1', '--b  ', field, '', '2', '--b--'],
    [
      ['a', '1'],
      ['a', '2'],
    ],
  ],
  ['a header may be folded', ['--b', 'Content-Disposition: form-data;', '\tname=a', '', '1', '--b--'], [['a', '1']]],
  [
    'names of headers and parameters have no case',
    ['--b', 'content-DISPOSITION:Form-Data ; NAME = "a" ', '', '1', '--b--'],
    [['a', '1']],
  ],
  [
    'a quoted name may hold quotes',
    ['--b', 'Content-Disposition: form-data; name="a\\"\\\\;"', '', '1', '--b--'],
    [['a"\\;', '1']],
  ],
  [
    'a part of text/plain is no file, in its own charset',
    ['--b', field, 'Content-Type: text/plain; charset=us-ascii', '', '1', '--b--'],
    [['a', '1']],
  ],
])('%s', async (_, text, pairs) => {
  expect(await post(lines(...text), B)).toEqual({ status: 204, message: '' })
  expect(form?.pairs).toEqual(pairs)
  expect(form?.files.size).toBe(0)
})

test('a part with a type other than text/plain is a file, also without a filename', async () => {
  await post(
    lines(
      '--b',
      field,
      'Content-Type: text/csv',
      '',
      'x,y',
      '--b',
      "Content-Disposition: form-data; name=c; filename*=UTF-8''c",
      '',
      '2',
      '--b--',
    ),
    B,
  )
  expect(
    [...(form?.files ?? [])].map(([name, { content, contentType }]) => [name, String(content), contentType]),
  ).toEqual([
    ['a', 'x,y', 'text/csv'],
    ['c', '2', null],
  ])
})

describe('a body that breaks the rules is a 400 that says which', () => {
  test.each<[string, string, Buffer, string]>([
    ['no boundary', 'multipart/form-data', lines('--b--'), 'has no boundary'],
    ['an empty boundary', 'multipart/form-data; boundary=""', lines('--'), 'is not a valid boundary'],
    ['a boundary too long', `multipart/form-data; boundary=${'x'.repeat(201)}`, lines('--'), 'is not a valid boundary'],
    ['another boundary', B, lines('--c', field, '', '1', '--c--'), 'no line is --b'],
    ['an empty body', B, lines(), 'no line is --b'],
    ['line feeds alone', B, Buffer.from(`x\n--b\n${field}\n\n1\n--b--\n`), 'must end with CR LF'],
    ['no end', B, lines('--b', field, '', '1', '--b', ''), 'breaks off: its last line must be --b--'],
    ['an end in the middle of a delimiter', B, lines('--b', field, '', '1', '--b-'), 'breaks off'],
    ['no headers', B, lines('--b', '', '1', '--b--'), 'part 1 of the form has no headers'],
    ['nothing at all in a part', B, lines('--b', '--b--'), 'part 1 of the form has no blank line'],
    ['no blank line', B, lines('--b', field, '--b--'), 'part 1 of the form has no blank line'],
    ['a header that is none', B, lines('--b', 'nonsense', '', '1', '--b--'), '"nonsense" in the head of part 1'],
    ['a header with a bare line feed', B, lines('--b', `${field}\nX: y`, '', '1', '--b--'), 'is not a header'],
    ['a header twice', B, lines('--b', field, field, '', '1', '--b--'), 'has the header Content-Disposition twice'],
    ['no disposition', B, lines('--b', 'X: y', '', '1', '--b--'), 'has no Content-Disposition'],
    [
      'another disposition',
      B,
      lines('--b', 'Content-Disposition: attachment; name=a', '', '1', '--b--'),
      'must be form-data',
    ],
    ['no name', B, lines('--b', 'Content-Disposition: form-data', '', '1', '--b--'), 'has no name'],
    ['base64', B, lines('--b', field, 'Content-Transfer-Encoding: base64', '', 'MQ==', '--b--'), 'not in base64'],
    [
      'an unknown charset',
      B,
      lines('--b', field, 'Content-Type: text/plain; charset=x-klingon', '', '1', '--b--'),
      'unknown charset',
    ],
    [
      'text that is not UTF-8',
      B,
      Buffer.concat([lines('--b', field, '', ''), Buffer.of(0xff), lines('', '--b--')]),
      'is not utf-8',
    ],
    [
      'two files of one name',
      B,
      lines('--b', `${field}; filename=x`, '', '1', '--b', `${field}; filename=y`, '', '2', '--b--'),
      'two files of the form are called "a"',
    ],
  ])('%s', async (_, type, body, expected) => {
    const { status, message } = await post(body, type)
    expect(status).toBe(400)
    expect(message).toContain(expected)
  })
})

describe('a body beyond a limit is a 413 that names it', () => {
  const part = [field, '', 'x'.repeat(300), '--b']
  test.each<[string, Buffer, string]>([
    ['parts', lines('--b', ...Array(6).fill([field, '', '1', '--b']).flat(), ''), 'more than 5 parts'],
    ['text', lines('--b', ...part, ...part, ...part, ...part, ''), 'more than 1000 bytes together'],
    [
      'headers',
      lines('--b', `X: ${'x'.repeat(9000)}`, field, '', '1', '--b--'),
      'the headers of part 1 of the form have more than 8192 bytes',
    ],
    ['the whole body', Buffer.alloc(200_001, 'x'), 'larger than 200000 bytes'],
  ])('%s', async (_, body, expected) => {
    const { status, message } = await post(body, B)
    expect(status).toBe(413)
    expect(message).toContain(expected)
  })
})

test('parts of any content come back as they were put together', () => {
  const name = fc.stringMatching(/^[a-z0-9 é表_]{1,12}$/)
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    // What looks like a delimiter, or nearly.
    fc.stringMatching(/^[-\r\nb ]{0,20}$/).map((text) => Buffer.from(text)),
  )
  const isContent = (bytes: Buffer) => !/(?:^|\r\n)--b(?:--|[ \t]*\r\n|[ \t]*$)/.test(bytes.toString('latin1'))
  const parts = fc.array(fc.record({ name, content: content.filter(isContent) }), { maxLength: 6 })
  fc.assert(
    fc.property(parts, (given) => {
      const sent = given.flatMap((part) => [
        Buffer.from(`--b\r\nContent-Disposition: form-data; name="${part.name}"; filename="f"\r\n\r\n`),
        part.content,
        Buffer.from('\r\n'),
      ])
      const found = [...parseMultipart(Buffer.concat([...sent, Buffer.from('--b--\r\n')]), 'b', 6)]
      expect(found.map((part) => ({ name: part.name, content: part.content }))).toEqual(given)
      expect(found.every(({ isFile }) => isFile)).toBe(true)
    }),
  )
})

test('whatever bytes come, they are parts or an error of the form, in linear time', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[-b\r\n:;="a]{0,80}$/), (text) => {
      const body = Buffer.from(`--b\r\n${field}${text}\r\n--b--`)
      try {
        for (const part of parseMultipart(body, 'b', 10)) textOf(part)
      } catch (error) {
        expect(error).toMatchObject({ status: 400, code: 'multipart_invalid' })
      }
    }),
  )
  const nearly = Buffer.from(`--b\r\n${field}\r\n\r\n${'\r\n--bx'.repeat(200_000)}\r\n--b--`)
  expect([...parseMultipart(nearly, 'b', 1)][0]?.content.length).toBe(1_200_000)
})

test.each([
  ['multipart/form-data; boundary="a b:c"; charset=utf-8', 'a b:c'],
  ['multipart/form-data;BOUNDARY=AaB03x', 'AaB03x'],
  ['multipart/form-data; boundary="<<<---BOUNDARY--->>>"', '<<<---BOUNDARY--->>>'],
  ['multipart/form-data; boundary=<<<---BOUNDARY--->>>', '<<<---BOUNDARY--->>>'],
  [
    'multipart/form-data; charset=utf-8; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW',
    '----WebKitFormBoundary7MA4YWxkTrZu0gW',
  ],
])('the boundary of %s is %s', (type, boundary) => {
  expect(boundaryOf(type)).toBe(boundary)
})
