import { at, column, constraint, inColumn, type ParityCase, schema, table } from './inputs.ts'

/** Where we differ on purpose. */
export const DELIBERATE: readonly (ParityCase & { readonly ours: readonly string[]; readonly why: string })[] = [
  {
    name: 'binary data as text',
    yaml: column('description: !!binary YQ=='),
    felis: [],
    ours: inColumn('description'),
    why: 'nobody means it',
  },
  {
    name: 'a set as a list',
    yaml: constraint('"@type": Unique, columns: !!set {"#t.c"}'),
    felis: [],
    ours: [at('constraints.0.Unique.columns')],
    why: 'it has no order',
  },
  {
    name: 'digits of other scripts as a unit',
    yaml: column('fits:tunit: "٣"'),
    felis: [],
    ours: [at('columns.0')],
    why: 'no reader of TAP_SCHEMA understands them',
  },
  {
    name: 'half a character where text is one of several types',
    yaml: column('value: "\\ud800"'),
    felis: inColumn('value.constrained-str', 'value.int', 'value.float', 'value.bool'),
    ours: inColumn('value'),
    why: 'it is wrong for every type for the same reason',
  },
  {
    name: 'half a character in the name of a resource',
    yaml: schema('resources: {"\\ud800": {uri: base.yaml}}\ntables: []'),
    felis: ['resources.\ufffd\ufffd\ufffd.[key]'],
    ours: ['resources.\ud800.[key]'],
    why: 'the path is as it was written',
  },
  {
    name: 'a date as a key',
    yaml: table('2024-01-01: 1'),
    felis: [at('datetime.date(2024, 1, 1)')],
    ours: [at('2024-01-01')],
    why: 'the path is as it was written',
  },
  {
    name: 'one mapping as a column and, by an alias, as overrides',
    yaml: schema(
      'resources: {base: {uri: base.yaml}}\ntables: [{name: t, columns: [&c {name: c, datatype: int}], columnRefs: {base: {bt: {x: {overrides: *c }}}}}]',
    ),
    felis: [at('columnRefs.base.bt.x.overrides.name'), at('columnRefs.base.bt.x.overrides.@id')],
    ours: [at('columnRefs.base.bt.x.overrides.name')],
    why: 'the id that was made for the column is not in the file',
  },
  {
    name: 'a unit whose scale is too large for a number',
    yaml: column('fits:tunit: nJy**-11'),
    felis: [at('columns.0')],
    ours: [],
    why: 'only the grammar of units is checked',
  },
  {
    name: 'a resource outside the release',
    yaml: schema(
      'resources: {base: {uri: "resource://felis/config/tap_schema/tap_schema_extensions.yaml"}}\ntables: []',
    ),
    felis: [],
    ours: [''],
    why: 'a release is self-contained',
  },
  {
    name: 'control characters that Python takes for white space, as a unit',
    yaml: column('fits:tunit: "\\u001f"'),
    felis: [],
    ours: [at('columns.0')],
    why: 'they are in no text on purpose',
  },
  {
    name: 'PostgreSQL domains',
    yaml: column('postgresql:datatype: "DOMAIN(10,2)"'),
    checks: ['redundant-datatypes'],
    felis: [],
    ours: [at('columns.0')],
    why: 'they have a name, which no override can give',
  },
  {
    name: 'a factor before a magnitude of nothing',
    yaml: column('fits:tunit: +2 mag(1)'),
    felis: [at('columns.0')],
    ours: [],
    why: 'the same without the factor is right',
  },
]
