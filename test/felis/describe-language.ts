import { CODES } from '../../shared/felis/codes.ts'
import { DATATYPES } from '../../shared/felis/datatypes.ts'
import { readSchema } from '../../shared/felis/fields/schema.ts'
import { type FieldShape, type ObjectShape, type Shape, shapeOf } from '../../shared/felis/shape.ts'

/** The whole of docs/felis.md, from the tables that drive validation. */
export function describeLanguage(): string {
  const objects = collectObjects()
  return [
    INTRODUCTION,
    '## The objects of the language\n',
    ...objects.map(describeObject),
    '## Datatypes\n',
    describeDatatypes(),
    '\n## Problems\n',
    'A problem has a `code` that does not change between versions. Errors make a file invalid, and the loader refuses it; warnings do so with',
    '`--strict` only. The loader also refuses what TAP_SCHEMA cannot hold (`row_…`, `key_to_several_tables`) or show (`empty`),',
    'empty names of its rows (`name_empty`), and names that occur twice among the schemas of one TAP server',
    '(`schemas_repeated`, `tables_repeated`, `columns_repeated`, `keys_repeated`), which are warnings here, because Felis accepts',
    'them. `validate`, `rows`, `stage` and `diff-schemas` take the same options with the same defaults',
    '(`--profile deployed`), so the verdict of `validate` on a file is that of the loader.\n',
    describeCodes(),
    '',
  ].join('\n')
}

const INTRODUCTION = `# The Felis language

<!-- Made from the tables in shared/felis by test/felis/json-schema.test.ts; \`vitest run test/felis/json-schema.test.ts --update\` writes it. -->

[Felis](https://felis.lsst.io/) is YAML that describes the tables of a TAP service. This page lists what Almagest supports.
The verdicts are those of Felis 30.0.11.

\`\`\`sh
npx almagest validate schemas/*.yaml            # every problem with its line and column, and what would be right
npx almagest validate --format github yml/      # annotations in GitHub Actions; --format sarif for code scanning
npx almagest dump schemas/dp2.yaml              # the schema as Almagest reads it
npx almagest diff-schemas main/dp1.yaml dp1.yaml --fail-on breaking
\`\`\`

## What a change does

\`\`\`sh
npx almagest diff-schemas main:yml/dp1.yaml yml/dp1.yaml        # what TAP_SCHEMA would say
npx almagest diff-schemas --structure origin/main:yml yml       # and what the tables of the database would feel
npx almagest diff-schemas --structure --format sql main:yml yml > change.sql
npx almagest diff-schemas yml/dp1.yaml --database "$URL"        # against the tables that are there
\`\`\`

A side is a file, a folder, an archive, or a file or folder of a commit, as git names it. Without \`--structure\` the last line
counts the changes of which TAP_SCHEMA says nothing.

With \`--structure\` each change of types, lengths, precision, nulls, defaults, primary keys, unique constraints, foreign keys (also
what they do on delete), checks, indexes and numbering is listed, with the \`alter table\` that it needs in PostgreSQL. It is breaking (\`!\`)
when rows that are there can make it fail or are lost, or when programs that write rows today fail after it; the line says which.
\`--format sql\` prints all statements as one transaction, in an order that works; foreign keys that are in the way are dropped
and made again. \`--format markdown\` is for a comment, \`github\` for annotations, \`json\` for programs; \`--fail-on breaking\` counts
both kinds of changes.

With \`--database\` the tables that \`create-tables\` would make are compared with those of the database, whichever way types and
defaults are spelt there: PostgreSQL makes them as temporary tables for a moment, for which the login needs the right
\`temporary\`. Nothing is changed. Tables of which the file says nothing are named, and left as they are.

## Before a release

\`\`\`sh
npx almagest validate yml                                   # the files that \`publish\` takes
npx almagest validate --environment environment.yaml yml    # and names that collide in what one TAP server loads
npx almagest validate --format junit yml > report.xml       # for Jenkins or GitLab; github, sarif, json
npx almagest rows --format sql yml/dp1.yaml > tap_schema.sql   # fills an empty TAP_SCHEMA, as Felis's load-tap-schema -o
npx almagest dump yml/dp1.yaml --output dp1.json            # the schema as it was understood
npm start -- --release yml/dp1.yaml                         # in a TAP service on this machine
\`\`\`

Keys and schemas that occur in several files matter only where one TAP server serves those files together. \`--environment\`
names the file that says so, \`--together\` means all files; otherwise one line counts them.

## In an editor

Editors with the YAML language server (Visual Studio Code with the YAML extension, Neovim, Emacs, JetBrains and others)
complete and check a file while you type. Write the JSON Schema once,

\`\`\`sh
npx almagest json-schema > felis.schema.json
\`\`\`

and put this line at the top of each file:

\`\`\`yaml
# yaml-language-server: $schema=felis.schema.json
\`\`\`

The JSON Schema sees one file at a time. References between files, duplicate names, units and UCDs are checked
by \`almagest validate\`.

## YAML

Files are YAML 1.1, as PyYAML reads it: \`yes\`, \`no\`, \`on\` and \`off\` are booleans, \`010\` is 8, \`1:30\` is 90, \`<<\` merges
mappings. Other values are not converted to text: write a version as \`"1.0"\`. White space around text is removed. Keys that
are not listed here are errors. A key with a colon (\`tap:principal\`) may also be written as Felis calls it in Python
(\`tap_principal\`).

The parser is js-yaml's. What only one of js-yaml and PyYAML accepts is an error with its own message, so that a file means the
same to both:

| accepted by PyYAML, not by js-yaml | what to write |
|---|---|
| a closing bracket, or what is in brackets, at the column of its key or dash | indent it more |
| text in quotes that continues at the column of its key | indent it more |
| a comment right behind quotes or brackets: \`'b'#c\` | a space before the \`#\` |
| NEL, LS and PS (U+0085, U+2028, U+2029) as line breaks | an ordinary line break, or \`\\N\`, \`\\L\`, \`\\P\` in double quotes |
| \`-\` or \`?\` alone as text in brackets | quotes |
| an empty line behind a backslash in double quotes | \`\\n\` |
| an alias or an anchor right before a colon: \`*x: 1\` | a space before the colon |

| accepted by js-yaml, not by PyYAML | what to write |
|---|---|
| a tab outside quotes, comments and blocks of text | spaces |
| a key of more than 1,024 characters, or over two lines | a shorter key |
| \`?\` in text in brackets, or \`:\` before it | quotes |
| a colon without a key | the key |
| a mapping in the line of its key: \`a: &x b: 1\` | a new line |
| the next entry behind a bracket in its line | a new line |
| other characters than letters, digits, \`-\` and \`_\` in the names of anchors | other names |
| a tag right before a comma or a bracket | a space between them |
| a whole file that is one block of text without indentation | a mapping |
| a directive with other characters in its name; \`---\` behind a space; \`...\` before the document | nothing of the kind |

Limits of a file: 8 MiB, 200,000 line breaks, indicators (\`, : ? [ { & * !\` and dashes) and escapes, and lists and mappings nested 100
deep; of all files of a release together: 1,000,000 of those characters. The largest known schema has 21,000, its release 150,000.
`

/** All classes, each after the one that holds it. */
function collectObjects(): readonly ObjectShape[] {
  const found = new Map<string, ObjectShape>()
  const visit = (shape: Shape): void => {
    if (shape.kind === 'nullable' || shape.kind === 'list' || shape.kind === 'mapping') visit(shape.of)
    else if (shape.kind === 'either') shape.of.forEach(visit)
    else if (shape.kind === 'tagged') Object.values(shape.kinds).forEach(visit)
    else if (shape.kind === 'object' && !found.has(shape.noun)) {
      found.set(shape.noun, shape)
      for (const { read } of Object.values(shape.fields)) visit(shapeOf(read))
    }
  }
  visit(shapeOf(readSchema))
  return [...found.values()]
}

/** The tables of TAP_SCHEMA in which objects are rows. */
const TAP_TABLES: Readonly<Record<string, string>> = {
  'a schema': 'schemas',
  'a table': 'tables',
  'a column': 'columns',
  'a ForeignKey constraint': 'keys',
}

function describeObject(shape: ObjectShape): string {
  const title = shape.noun.replace(/^an? /, '')
  const table = TAP_TABLES[shape.noun]
  const rows = Object.values(shape.fields).map((field) => row(field, table))
  const unknown = shape.unknownKeys === 'ignored' ? '\nOther keys are ignored.\n' : ''
  return `### ${title.charAt(0).toUpperCase()}${title.slice(1)}

| key | type | default | TAP_SCHEMA | meaning |
|---|---|---|---|---|
${rows.join('\n')}
${unknown}`
}

function row(field: FieldShape, table: string | undefined): string {
  const tap = field.tap === undefined || table === undefined ? '' : `\`${table}.${field.tap}\``
  const type = describeShape(shapeOf(field.read))
  return `| \`${field.alias ?? field.name}\` | ${type} | ${describeDefault(field)} | ${tap} | ${field.meaning} |`
}

function describeDefault(field: FieldShape): string {
  if (!('initial' in field)) return field.name === 'id' ? 'from the names' : 'required'
  const { initial } = field
  return initial === null || initial === undefined || typeof initial === 'object' ? '' : `\`${initial}\``
}

function describeShape(shape: Shape): string {
  switch (shape.kind) {
    case 'text':
      return 'text'
    case 'boolean':
      return '`true`, `false`'
    case 'scalar':
      return 'text, number or boolean'
    case 'integer':
      return describeInteger(shape.range)
    case 'word':
      return shape.words.map((word) => `\`${word}\``).join(', ')
    case 'nullable':
      return describeShape(shape.of)
    case 'either':
      return shape.of.map(describeShape).join(' or ')
    case 'list':
      return `list of ${plural(describeShape(shape.of))}`
    case 'mapping':
      return `name → ${describeShape(shape.of)}`
    case 'object':
      return shape.noun
    case 'tagged':
      return 'a constraint'
  }
}

function plural(thing: string): string {
  return thing === 'text'
    ? 'texts'
    : thing.replace(/^an? (.*)$/, (_, noun) => (noun === 'index' ? 'indexes' : `${noun}s`))
}

function describeInteger({ above, least, most }: { above?: number; least?: number; most?: number }): string {
  if (least !== undefined && most !== undefined) return `${least} to ${most}`
  if (above !== undefined) return `integer above ${above}`
  return least === undefined ? 'integer' : `integer from ${least} on`
}

function describeDatatypes(): string {
  const rows = Object.entries(DATATYPES).map(([name, { votable, sized, arraysize, lengthless, value }]) => {
    const automatic = arraysize === null ? lengthless : arraysize === 'fixed' ? 'n' : 'n*'
    const size = automatic === null ? '' : `\`${automatic}\``
    return `| \`${name}\` | \`${votable}\` | ${sized ? 'required' : ''} | ${size} | ${value ?? 'anything'} |`
  })
  return [
    'n stands for a length above 1. The datatype of TAP_SCHEMA is that of VOTable.\n',
    '| datatype | TAP_SCHEMA | length | arraysize | default value |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n')
}

function describeCodes(): string {
  const rows = Object.entries(CODES).map(([code, { severity, check, meaning }]) => {
    return `| \`${code}\` | ${severity} | ${check === undefined ? '' : `\`--check-${check}\``} | ${meaning} |`
  })
  return ['| code | severity | only with | meaning |', '|---|---|---|---|', ...rows].join('\n')
}
