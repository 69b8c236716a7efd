import { describe, expect, it } from 'vitest'
import { readYaml, type YamlProblem } from '../../shared/yaml/read.ts'
import { SizeBudget } from '../../shared/yaml/size.ts'
import {
  isYamlMap,
  writeFloat,
  YamlBinary,
  YamlFloat,
  type YamlMap,
  YamlPairs,
  YamlTimestamp,
} from '../../shared/yaml/values.ts'

/** Mappings as objects, floats as `{ float }`, what Felis has no use for as its kind. */
function plain(value: unknown): unknown {
  if (value instanceof YamlFloat) return { float: writeFloat(value.value) }
  if (value instanceof YamlTimestamp) return { date: value.text }
  if (value instanceof YamlBinary) return { binary: Buffer.from(value.bytes).toString() }
  if (value instanceof YamlPairs) return { pairs: value.tag }
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), plain(item)]))
  return value
}

function read(text: string): unknown {
  const reading = readYaml(text)
  if ('problem' in reading) throw new Error(`${reading.problem.code}: ${reading.problem.message}`)
  return plain(reading.value)
}

function rootOf(text: string): YamlMap {
  const reading = readYaml(text)
  if (!('value' in reading) || !isYamlMap(reading.value)) throw new Error('not a mapping')
  return reading.value
}

function problemOf(text: string): YamlProblem {
  const reading = readYaml(text)
  if (!('problem' in reading)) throw new Error(`read as ${JSON.stringify(plain(reading.value))}`)
  return reading.problem
}

/** As PyYAML 6.0.3's `safe_load` reads them. */
const SCALARS: readonly [text: string, value: unknown][] = [
  ...['yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word): [string, unknown] => [word, true]),
  ...['no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word): [string, unknown] => [word, false]),
  ...['y', 'Y', 'n', 'N', 'tRue', 'yEs', 'nULL', 'nan', 'inf', '08', '0o10', '1__', '-.nan'].map(
    (word): [string, unknown] => (word === '1__' ? [word, 1] : [word, word]),
  ),
  ...['~', 'null', 'Null', 'NULL', ''].map((word): [string, unknown] => [word, null]),
  ['0', 0],
  ['-0', 0],
  ['+5', 5],
  ['010', 8],
  ['-017', -15],
  ['0x1F', 31],
  ['0b101', 5],
  ['0b_1', 1],
  ['1_000', 1000],
  ['_1', '_1'],
  ['1:30', 90],
  ['-1:30', -90],
  ['190:20:30', 685230],
  ['1:60', '1:60'],
  ['01:30', '01:30'],
  ['9007199254740993', 9007199254740993n],
  ['1.0', { float: '1.0' }],
  ['3.', { float: '3.0' }],
  ['.5', { float: '0.5' }],
  ['-.5', '-.5'],
  ['1e3', '1e3'],
  ['1.0e3', '1.0e3'],
  ['1e+3', '1e+3'],
  ['1.0e+3', { float: '1000.0' }],
  ['1.0E-3', { float: '0.001' }],
  ['1.0e+16', { float: '1e+16' }],
  ['0.00001', { float: '1e-05' }],
  ['-0.0', { float: '-0.0' }],
  ['190:20:30.15', { float: '685230.15' }],
  ['.inf', { float: 'inf' }],
  ['-.INF', { float: '-inf' }],
  ['.NaN', { float: 'nan' }],
  ['2024-01-01', { date: '2024-01-01' }],
  ['2024-1-1', '2024-1-1'],
  ['2024-1-1T1:00:00', { date: '2024-1-1T1:00:00' }],
  ['2024-01-01 10:00:00.1 +01:00', { date: '2024-01-01 10:00:00.1 +01:00' }],
  ['!!str 5', '5'],
  ["!!int '5'", 5],
  ['!!float 1', { float: '1.0' }],
  ['!!null x', null],
  ["! '5'", 5],
  ['!<tag:yaml.org,2002:str> 5', '5'],
  ['!!binary aGVsbG8=', { binary: 'hello' }],
  ['!!set {a, b}', { pairs: 'set' }],
  ['!!omap [a: 1]', { pairs: 'omap' }],
  ["'1.0'", '1.0'],
  ["'it''s'", "it's"],
  ['"\\x41\\u00e9\\U0001F600\\n\\t\\e\\_\\N\\L"', 'Aé😀\n\t\x1b\xa0\x85\u2028'],
]

describe('a scalar of YAML 1.1 is read as PyYAML reads it', () => {
  it.each(SCALARS)('%s', (text, value) => {
    expect(read(`a: ${text}`)).toEqual({ a: value })
    expect(read(`[${text === '' ? '~' : text}]`)).toEqual([value])
  })
})

const LAYOUTS: readonly [name: string, text: string, value: unknown][] = [
  ['a key twice: the last one wins', 'a: 1\na: 2', { a: 2 }],
  ['a merge', 'a: &x {b: 1, c: 1}\nd: {<<: *x, c: 2}', { a: { b: 1, c: 1 }, d: { b: 1, c: 2 } }],
  ['a merge of several: the first one wins', 'd: {<<: [{b: 1}, {b: 2, c: 3}]}', { d: { b: 1, c: 3 } }],
  ['two merge keys: the last one wins', 'd: {<<: {b: 1}, <<: {b: 2}}', { d: { b: 2 } }],
  ['a quoted << is a key', "d: {'<<': 1}", { d: { '<<': 1 } }],
  ['= as a key', '=: 1', { '=': 1 }],
  ['text over several lines', 'a: b\n  c\n\n  d', { a: 'b c\nd' }],
  ['a literal block', 'a: |\n  x\n   y\n\nb: 1', { a: 'x\n y\n', b: 1 }],
  ['a folded block', 'a: >-\n  x\n  y\n\n  z\n   w\n  v\n', { a: 'x y\nz\n w\nv' }],
  ['a block that keeps its end', 'a: |+\n  x\n\nb: 1', { a: 'x\n\n', b: 1 }],
  ['a block without the last line break', 'a: |\n  x', { a: 'x' }],
  ['a list at the indentation of its key', 'a:\n- b\n- c: d\n  e: f', { a: ['b', { c: 'd', e: 'f' }] }],
  ['an explicit key', '? a\n: b\n? c', { a: 'b', c: null }],
  ['explicit keys without values before others', 'a:\n  ? b\n  # c\n  ? d\n  e: 1', { a: { b: null, d: null, e: 1 } }],
  ['a set of empty values', 'a:\nb:', { a: null, b: null }],
  ['a pair in a list', '[a: 1, b]', [{ a: 1 }, 'b']],
  ['a lone word in braces', '{a, b: 1}', { a: null, b: 1 }],
  ['a colon inside a word', '{a: b:c}', { a: 'b:c' }],
  ['a hash inside a word', 'a: b#c', { a: 'b#c' }],
  ['directives and marks', '%YAML 1.1\n%TAG !y! tag:yaml.org,2002:\n---\na: !y!str 1\n...\n', { a: '1' }],
  ['a byte order mark and Windows line ends', '\ufeffa: 1\r\nb: 2\r\n', { a: 1, b: 2 }],
]

describe('a document is read as PyYAML reads it', () => {
  it.each(LAYOUTS)('%s', (_, text, value) => {
    expect(read(text)).toEqual(value)
  })

  it('an alias is the same object as its anchor, a merge is a copy', () => {
    const root = rootOf('a: &x {b: []}\nc: *x\nd: {<<: *x}') as ReadonlyMap<string, ReadonlyMap<string, unknown>>
    expect(root.get('c')).toBe(root.get('a'))
    expect(root.get('d')).not.toBe(root.get('a'))
    expect(root.get('d')!.get('b')).toBe(root.get('a')!.get('b'))
  })

  it('merged keys come before the own ones', () => {
    expect([...rootOf('{d: 1, <<: {b: 2, c: 3}, e: 4}').keys()]).toEqual(['b', 'c', 'd', 'e'])
  })

  it('a repeated key is remembered with its place', () => {
    expect(readYaml('a: 1\nb:\n  c: 1\n  c: 2\n')).toMatchObject({ duplicates: [{ key: 'c', offset: 17 }] })
  })
})

/** What PyYAML refuses; the offset is where a reader would look. */
const REFUSED: readonly [name: string, text: string, code: string, offset: number][] = [
  ['a tab before a value', 'a:\tb', 'yaml_syntax', 2],
  ['a tab as indentation', 'a:\n\tb: c', 'yaml_syntax', 3],
  ['a mapping inside a value', 'a: b: c', 'yaml_syntax', 4],
  ['indentation that is no level', 'a:\n   b: 1\n  c: 2', 'yaml_syntax', 13],
  ['a key without a colon', 'a: 1\nb\n', 'yaml_syntax', 5],
  ['a key over 1,024 characters', `${'x'.repeat(1030)}: 1`, 'yaml_syntax', 0],
  ['quotes that are not closed', 'a: "b\n', 'yaml_syntax', 3],
  ['brackets that are not closed', 'a: [b\n', 'yaml_syntax', 6],
  ['an unknown escape', 'a: "\\q"', 'yaml_syntax', 4],
  ['an escape beyond Unicode', 'a: "\\U00110000"', 'yaml_syntax', 4],
  ['a reserved character', 'a: @b', 'yaml_syntax', 3],
  ['a second document', 'a: 1\n---\nb: 1', 'yaml_documents', 5],
  ['no document', '\n# nothing\n', 'yaml_empty', 0],
  ['an alias of nothing', 'a: *x', 'yaml_alias', 3],
  ['an alias of what it is in', 'a: &x [*x]', 'yaml_alias', 7],
  ['an anchor twice', 'a: &x 1\nb: &x 2', 'yaml_anchor', 11],
  ['a merge of something else', 'a: {<<: 5}', 'yaml_merge', 8],
  ['a plain << as a value', 'a: <<', 'yaml_merge', 3],
  ['a plain = as a value', 'a: =', 'yaml_value', 3],
  ['a date that does not exist', 'a: 2024-02-30', 'yaml_value', 3],
  ['a leap day in another year', 'a: 2023-02-29', 'yaml_value', 3],
  ['a collection as a key', '? [a]\n: 1', 'yaml_key', 2],
  ['an unknown tag', 'a: !!python/none x', 'yaml_tag', 3],
  ['a local tag', 'a: !foo {b: 1}', 'yaml_tag', 3],
  ['an undeclared tag handle', 'a: !f!oo 1', 'yaml_tag', 3],
  ['a tag on the wrong kind of collection', 'a: !!map [1]', 'yaml_tag', 3],
  ['an explicit type that does not fit', 'a: !!int x', 'yaml_value', 3],
  ['YAML 2', '%YAML 2.0\n---\na: 1', 'yaml_directive', 0],
  ['a control character, even in a comment', 'a: 1 # \x07', 'yaml_character', 7],
  ['half of a surrogate pair', 'a: \ud800', 'yaml_character', 3],
  ['a NUL', 'a: \0', 'yaml_character', 3],
]

describe('what is not YAML 1.1 is a problem with a place', () => {
  it.each(REFUSED)('%s', (_, text, code, offset) => {
    expect(problemOf(text)).toMatchObject({ code, offset })
  })
})

/** What PyYAML takes and js-yaml does not, by name, with the place and the message that says what to write instead. */
const PYYAML_ALONE: readonly [name: string, text: string, offset: number, message: string][] = [
  [
    'a closing bracket at the column of its key',
    'l:\n- k: [\n    a\n  ]\n  m: 1',
    18,
    'a closing bracket must be indented more',
  ],
  ['what is in brackets at the column of its key', 'l:\n  k: {\na: 1\n}', 10, 'must be indented more than its key'],
  [
    'quotes that go on at the column of their key',
    'l:\n  k: "a\nb"',
    8,
    'these quotes are not closed, or what goes on',
  ],
  ['single quotes that go on there', "k: 'a\nb'", 3, 'these quotes are not closed, or what goes on'],
  ['a comment right behind quotes', "a: 'b'#c", 6, 'a comment needs a space before its #'],
  ['a comment right behind a bracket', 'a: [b]#c', 6, 'a comment needs a space before its #'],
  ['NEL as a line break', 'a: 1\x85b: 2', 4, 'U+0085 is a line break to some readers'],
  ['a line separator as a line break', 'a: 1\u2028b: 2', 4, 'U+2028 is a line break to some readers'],
  ['a ? alone in brackets', '{?: a}', 1, "text with '?' here must be in quotes"],
  ['a - alone in brackets', '[-, a]', 1, 'a - alone must be in quotes'],
  ['an empty line behind a backslash', 'a: "b\\\n\n  c"', 5, 'an empty line after a backslash'],
  ['an alias right before a colon', 'a: &x 1\n*x: 2', 8, "expected ':' after this key"],
]

describe('what PyYAML takes and js-yaml refuses is said to be so', () => {
  it.each(PYYAML_ALONE)('%s', (_, text, offset, message) => {
    expect(problemOf(text)).toMatchObject({ offset, message: expect.stringContaining(message) })
  })
})

/** What js-yaml takes and PyYAML refuses, or takes for something else: refused, so that Felis reads what we read. */
const JS_YAML_ALONE: readonly [name: string, text: string, offset: number, message: string][] = [
  ['a tab between a colon and its value', 'a:\tb', 2, 'a tab cannot stand here'],
  ['a tab behind a value', 'a: b\t\nc: d', 4, 'a tab cannot stand here'],
  ['a tab inside plain text', 'a: b\tc', 4, 'a tab cannot stand here'],
  ['a tab in the indentation of text that goes on', 'a: b\n \tc', 6, 'a tab cannot indent in YAML; use spaces'],
  ['a tab in a line of white space', 'a: 1\n\t\nb: 2', 5, 'a tab cannot indent in YAML; use spaces'],
  ['a tab behind a dash', '-\ta', 1, 'a tab cannot stand here'],
  ['a long key in quotes', `"${'x'.repeat(1030)}": 1`, 0, 'more than 1024 characters'],
  ['a key whose colon is in the next line', '{"a"\n : 1}', 1, 'must be in one line'],
  ['a key over two lines in brackets', '{a\n b: 1}', 1, 'must be in one line'],
  ['text that begins with a colon in brackets', '[:a]', 1, "text with ':' here must be in quotes"],
  ['text with a question mark in brackets', '[who?]', 4, "text with '?' here must be in quotes"],
  ['a colon without a key', ': 1', 0, "there is no key before this ':'"],
  ['a colon without a key in brackets', '{: 1}', 1, "there is no key before this ':'"],
  [
    'a mapping in the line of its key, behind an anchor',
    'a: &x b: 1',
    3,
    'a mapping cannot begin in the line of its key',
  ],
  ['a key behind brackets that closed in its line', 'c:\n  x:\n  - {a: 1}y: 2\n', 18, 'in a line of its own'],
  ['an anchor with other characters', 'a: &x.y 1', 3, 'only letters, digits, - and _'],
  ['an anchor right before a bracket', 'a: &x[1]', 3, 'only letters, digits, - and _'],
  ['a tag right before a comma', '[!!str, a]', 1, 'a tag must have a name, and a space behind it'],
  ['a block of text that is not indented', '|\ntext\n', 2, 'must be indented by a space at least'],
  ['a directive with other characters', '%A.B c\n---\na: 1', 0, 'this directive has no proper name'],
  ['--- behind a space', ' ---\na: 1', 1, 'there must be no space before ---'],
  ['... before a document', '...\na: 1', 0, 'a document ends here before one has begun'],
]

describe('what js-yaml takes and PyYAML refuses is refused', () => {
  it.each(JS_YAML_ALONE)('%s', (_, text, offset, message) => {
    expect(problemOf(text)).toMatchObject({ offset, message: expect.stringContaining(message) })
  })
})

describe('a mistake is reported where it was made', () => {
  it.each([
    ['quotes that are not closed, not the next line', 'a: 1\nb: "text\nc: 2\nd: 3\n', 8],
    ['single quotes with a quote inside', "a: 'it''s\nb: 2\n", 3],
    ['a tab that indents', 'a:\n\t- b', 3],
    ['a key without a colon between others', 'a: 1\nbc\nd: 2\n', 5],
    ['a version of YAML that is not known', '# c\n%YAML 3.0\n---\na: 1', 4],
    ['too few hexadecimal digits', 'a: "b\\u12"', 5],
    ['text behind quotes', 'a: "b" c', 7],
  ])('%s', (_, text, offset) => {
    expect(problemOf(text).offset).toBe(offset)
  })
})

describe('an empty value has a place', () => {
  const commentsOf = (text: string): unknown => {
    const reading = readYaml(text)
    return 'problem' in reading ? reading.problem : reading.idComments
  }

  it.each([
    ['an item', '- a\n- #b.c\n', [{ offset: 4, comment: '#b.c' }]],
    [
      'items of lists in lists',
      '- - #a\n  - #b\n- #c',
      [2, 9, 14].map((offset, index) => ({ offset, comment: `#${'abc'[index]}` })),
    ],
    ['an item behind a mapping and a block', '- k: |\n    - x\n- {a: 1}\n- #a', [{ offset: 24, comment: '#a' }]],
    ['a value', 'a: 1\nprimaryKey: #t.c  # the key\nb: 2', [{ offset: 5, comment: '#t.c' }]],
    [
      'a comment is not an id',
      '- # a\n- ## b\n- #a comment\n- #!x\na',
      expect.objectContaining({ code: 'yaml_syntax' }),
    ],
    ['comments behind values and before nested ones', 'a: 1 #b\nc: #d\n- e #f\n- # g\n- #h i\n', []],
  ])('%s', (_, text, comments) => {
    expect(commentsOf(text)).toEqual(comments)
  })
})

describe('hostile text is a problem, soon', () => {
  const nested = (open: string, close: string): string => `a: ${open.repeat(10_000)}${close.repeat(10_000)}`

  it.each([
    ['brackets', nested('[', ']')],
    ['braces', nested('{a: ', '}')],
    ['lists', `${'- '.repeat(10_000)}a`],
    ['mappings', Array.from({ length: 2_000 }, (_, level) => `${' '.repeat(level)}a:`).join('\n')],
    ['anchors', Array.from({ length: 2_000 }, (_, level) => `${' '.repeat(level)}- &a${level}`).join('\n')],
  ])('%s nested thousands deep', (_, text) => {
    expect(problemOf(text).code).toMatch(/^yaml_(?:depth|syntax)$/)
  })

  it('merges that multiply', () => {
    const keys = Array.from({ length: 1000 }, (_, index) => `k${index}: 1`).join(', ')
    const merges = Array.from({ length: 200 }, (_, index) => `m${index}: {<<: *x}`).join('\n')
    expect(problemOf(`a: &x {${keys}}\n${merges}`).code).toBe('yaml_merge')
  })

  it('an integer of a million digits', () => {
    expect(problemOf(`a: ${'1'.repeat(1_000_000)}`).code).toBe('yaml_value')
  })

  it('text of more than 8 MiB', () => {
    expect(problemOf('a'.repeat(8 * 1024 * 1024 + 1)).code).toBe('yaml_size')
  })

  /** Near the limit of 8 MiB, whatever it is made of: each character of these may cost memory. */
  it.each<[name: string, before: string, unit: string, after: string]>([
    ['line breaks in plain text', 'a: b', '\n', '  c'],
    ['line breaks in double quotes', 'a: "b', '\n', '  c"'],
    ['line breaks in single quotes', "a: 'b", '\n', "  c'"],
    ['line breaks in a folded block', 'a: >\n', '\n', ''],
    ['line breaks in a literal block', 'a: |+\n', '\n', ''],
    ['lines of plain text', 'a: b', '\n b', ''],
    ['carriage returns', 'a: b', '\r', ''],
    ['comments', '', '#\n', 'a'],
    ['empty items', '', '-\n', ''],
    ['items', '', '- a\n', ''],
    ['items in brackets', '[', 'a,', ']'],
    ['empty mappings in brackets', '[', '{},', ']'],
    ['aliases', 'a: &a 1\nb: [', '*a,', ']'],
    ['merge keys', 'a: &a {b: 1}\n', 'c: {<<: *a}\n', ''],
    ['dashes', '', '- ', ''],
    ['brackets', '', '[', ''],
    ['escapes', 'a: "', '\\n', '"'],
    ['doubled quotes', "a: '", "''", "'"],
    ['document marks', '', '---\n', ''],
    ['directives', '', '%A b\n', '---\na'],
    ['empty keys', '', '?\n', ''],
  ])('%s without end', (_, before, unit, after) => {
    const text = before + unit.repeat(Math.floor((8 * 1024 * 1024 - 100) / unit.length)) + after
    expect(problemOf(text)).toMatchObject({ code: 'yaml_size' })
    expect(problemOf(text).offset).toBeGreaterThan(100_000)
  })

  it('files that are too large together are refused at the file that is too much', () => {
    const budget = new SizeBudget()
    const text = `a:\n${'- b\n'.repeat(90_000)}`
    const codes = Array.from({ length: 7 }, () => readYaml(text, budget)).map((reading) =>
      'problem' in reading ? reading.problem.code : 'read',
    )
    expect(codes).toEqual(['read', 'read', 'read', 'read', 'read', 'yaml_size', 'yaml_size'])
  })

  it('brackets in one long line take steps in proportion', () => {
    const stepsOf = (count: number) => countLooks(() => readYaml(`[${'{},'.repeat(count)}]`))
    const few = stepsOf(500)
    expect(few).toBeGreaterThan(1_500)
    expect(stepsOf(4_000)).toBeLessThan(9 * few)
  })

  it('aliases that stand for a billion items share them', () => {
    const levels = Array.from({ length: 9 }, (_, level) =>
      level === 0
        ? 'l0: &l0 [a, a, a, a, a, a, a, a, a, a]'
        : `l${level}: &l${level} [${Array(10)
            .fill(`*l${level - 1}`)
            .join(', ')}]`,
    )
    const reading = readYaml(levels.join('\n'))
    expect('value' in reading && reading.value instanceof Map && reading.value.size).toBe(9)
  })
})

/** How many characters of texts are looked at one by one, which does not depend on how fast the machine is. */
function countLooks(work: () => unknown): number {
  const { charCodeAt } = String.prototype
  let looks = 0
  String.prototype.charCodeAt = function (at) {
    looks += 1
    return charCodeAt.call(this, at)
  }
  try {
    work()
  } finally {
    String.prototype.charCodeAt = charCodeAt
  }
  return looks
}
