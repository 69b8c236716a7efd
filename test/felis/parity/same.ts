import {
  at,
  COLUMN,
  column,
  constraint,
  group,
  inColumn,
  LONG,
  type ParityCase,
  reference,
  schema,
  table,
} from './inputs.ts'

/** What we say as Felis does. */
export const PARITY: readonly ParityCase[] = [
  // Where several types are possible, Felis says of each why not.
  {
    name: 'a version that is a number',
    yaml: schema('version: 1.0\ntables: []'),
    felis: ['version.SchemaVersion', 'version.constrained-str'],
  },
  {
    name: 'a version mapping that is wrong inside',
    yaml: schema('version: {current: 1, compatible: [2]}\ntables: []'),
    felis: ['version.SchemaVersion.current', 'version.SchemaVersion.compatible.0', 'version.constrained-str'],
  },
  {
    name: 'a default value that is a list',
    yaml: column('value: [1]'),
    felis: inColumn('value.constrained-str', 'value.int', 'value.float', 'value.bool'),
  },
  {
    name: 'an arraysize that is a list',
    yaml: column('votable:arraysize: [1]'),
    felis: inColumn('votable:arraysize.int', 'votable:arraysize.constrained-str'),
  },
  {
    name: 'an arraysize with decimals',
    yaml: column('votable_arraysize: 1.5'),
    felis: inColumn('votable_arraysize.int', 'votable_arraysize.constrained-str'),
  },
  {
    name: 'an arraysize that is infinite',
    yaml: column('votable:arraysize: .inf'),
    felis: inColumn('votable:arraysize.int', 'votable:arraysize.constrained-str'),
  },
  {
    name: 'a primary key that is a number',
    yaml: table('primaryKey: 1'),
    felis: [at('primaryKey.constrained-str'), at('primaryKey.list[constrained-str]')],
  },
  {
    name: 'a primary key of which one id is wrong, in its Python spelling',
    yaml: table('primary_key: ["#t.a", 1]'),
    felis: [at('primary_key.constrained-str'), at('primary_key.list[constrained-str].1')],
  },
  {
    name: 'two spellings of a field, the first of them wrong',
    yaml: table('primary_key: a, primaryKey: 4'),
    felis: [at('primaryKey.constrained-str'), at('primaryKey.list[constrained-str]'), at('primary_key')],
  },

  // Columns written inside a column group.
  {
    name: 'a column in a group, which gets no id',
    yaml: group('columns: [{name: a, datatype: int}]'),
    felis: [at('columnGroups.0.columns.0.constrained-str'), at(`columnGroups.0.columns.0.${COLUMN}.@id`)],
  },
  {
    name: 'a column in a group with nothing in it',
    yaml: group('columns: [{}]'),
    felis: ['constrained-str', `${COLUMN}.name`, `${COLUMN}.@id`, `${COLUMN}.datatype`].map((step) =>
      at(`columnGroups.0.columns.0.${step}`),
    ),
  },
  {
    name: 'a column in a group without its length',
    yaml: group('columns: [{name: a, "@id": "#a", datatype: char}]'),
    felis: [at('columnGroups.0.columns.0.constrained-str'), at(`columnGroups.0.columns.0.${COLUMN}`)],
  },
  {
    name: 'a column in a group with an id',
    yaml: group('columns: [{name: a, "@id": "#a", datatype: int}, "#t.c"]'),
    felis: [],
  },
  {
    name: 'a column of the table in its group by an alias',
    yaml: table('columns: [&c {name: c, datatype: int}], columnGroups: [{name: g, columns: [*c ]}]'),
    felis: [],
  },
  {
    name: 'a column in a group twice, once in place',
    yaml: group('columns: [{name: c, "@id": "#t.c", datatype: int}, "#t.c"]'),
    felis: [at('columnGroups.0')],
  },
  { name: 'a group of a number', yaml: group('columns: [1]'), felis: null },
  {
    name: 'the UCD of a group',
    yaml: group('columns: ["#t.c"], ivoa:ucd: meta.nothing'),
    felis: [at('columnGroups.0.ivoa:ucd')],
  },
  {
    name: 'the UCD of a group in its Python spelling',
    yaml: group('columns: ["#t.c"], ivoa_ucd: ""'),
    felis: [at('columnGroups.0.ivoa_ucd')],
  },

  // Keys.
  {
    name: 'a merge key with its tag, as yq writes it',
    yaml: table('columns: [&c {name: c, datatype: int}, {!!merge <<: *c, name: d}]'),
    felis: [],
  },
  { name: 'the tag of merge keys before a value', yaml: column('description: !!merge x'), felis: null },
  { name: 'the key null', yaml: table('~: 1'), felis: [at('None')] },
  { name: 'a key that YAML takes for a boolean', yaml: table('yes: 1, off: 2'), felis: [at('1'), at('0')] },
  { name: 'a key that is an integer', yaml: column('5: x'), felis: inColumn('5') },
  {
    name: 'keys with decimals',
    yaml: column('1.0: x, 2.5: x, -.inf: x, 1.0e+20: x'),
    felis: inColumn('1.0', '2.5', '-inf', '1e+20'),
  },
  { name: 'a key that is tagged as what stands for =', yaml: column('!!value x: 1, =: 2'), felis: inColumn('x', '=') },
  {
    name: 'keys that are no text where unknown ones are ignored',
    yaml: schema('version: {current: a, 1: b, ~: c}\ntables: []'),
    felis: [],
  },
  {
    name: 'a resource under a number',
    yaml: schema('resources: {1: {uri: base.yaml}}\ntables: []'),
    felis: ['resources.1.[key]'],
  },
  {
    name: 'a resource under a boolean, wrong itself',
    yaml: schema('resources: {true: 3}\ntables: []'),
    felis: ['resources.1.[key]', 'resources.1'],
  },
  {
    name: 'references to a table named null',
    yaml: reference('{base: {~: 3}}'),
    felis: [at('columnRefs.base.None.[key]'), at('columnRefs.base.None')],
  },
  {
    name: 'half a character in a key, before anything else of its object',
    yaml: column('"\\ud800": 5, x: 3, tap:std: 9'),
    felis: [at('columns.0')],
    beyond: inColumn('x', 'tap:std'),
  },
  {
    name: 'half a character in a key where unknown ones are ignored',
    yaml: schema('version: {current: a, "\\ud800": b}\ntables: []'),
    felis: [],
  },
  { name: 'a long key', yaml: table(`"${LONG}": 1`), felis: [at(LONG)] },
  {
    name: 'a long id',
    yaml: constraint(`"@type": Unique, columns: ["${LONG}"]`),
    felis: [at(`constraints.0.columns.${LONG}`)],
  },
  { name: 'a date as a description', yaml: column('description: 2024-01-01'), felis: inColumn('description') },

  // What a constraint is.
  {
    name: 'type null beside a right @type',
    yaml: constraint('type: ~, "@type": Unique, columns: ["#t.c"]'),
    felis: [at('constraints.0')],
  },
  {
    name: '@type null beside a right type',
    yaml: constraint('type: Unique, "@type": ~, columns: ["#t.c"]'),
    felis: [at('constraints.0.Unique.@type'), at('constraints.0.Unique.type')],
  },
  {
    name: 'type and @type that differ',
    yaml: constraint('type: Check, "@type": Unique, columns: ["#t.c"], expression: a'),
    felis: [at('constraints.0.Check.@type'), at('constraints.0.Check.columns'), at('constraints.0.Check.type')],
  },
  {
    name: 'an @type with white space',
    yaml: constraint('"@type": " Unique", columns: ["#t.c"]'),
    felis: [at('constraints.0')],
  },
  {
    name: 'an @type that is a list',
    yaml: constraint('"@type": [Unique], columns: ["#t.c"]'),
    felis: [at('constraints.0')],
  },

  // White space, and where it counts.
  {
    name: 'white space around the file of a resource',
    yaml: schema('resources: {base: {uri: " base.yaml "}}\ntables: []'),
    felis: [''],
  },
  { name: 'white space around ref_name', yaml: reference('{base: {bt: {x: {ref_name: " y "}}}}'), felis: [''] },
  { name: 'an empty ref_name', yaml: reference('{base: {bt: {x: {ref_name: ""}}}}'), felis: [''] },
  { name: 'white space around the names of references', yaml: reference('{" base ": {" bt": {" x ": }}}'), felis: [] },
  {
    name: 'white space around the name of a resource',
    yaml: schema('resources: {" base ": {uri: base.yaml}}\ntables: [{name: t, columnRefs: {base: {bt: {x: }}}}]'),
    felis: [],
  },
  { name: 'white space around the id of a member of a group', yaml: group('columns: [" #t.c "]'), felis: [] },

  // The files of resources.
  {
    name: 'a fragment behind the file',
    yaml: schema('resources: {base: {uri: "base.yaml#x"}}\ntables: []'),
    felis: [],
  },
  { name: 'a detour to the file', yaml: schema('resources: {base: {uri: ./sub/../base.yaml}}\ntables: []'), felis: [] },
  { name: 'a folder', yaml: schema('resources: {base: {uri: base.yaml/}}\ntables: []'), felis: [''] },
  { name: 'an empty uri', yaml: schema('resources: {base: {uri: ""}}\ntables: []'), felis: [''] },
  { name: 'a query behind the file', yaml: schema('resources: {base: {uri: "base.yaml?x"}}\ntables: []'), felis: [''] },
  { name: 'an encoded file name', yaml: schema('resources: {base: {uri: base%2Eyaml}}\ntables: []'), felis: [''] },
  {
    name: 'another spelling of the file name',
    yaml: schema('resources: {base: {uri: BASE.yaml}}\ntables: []'),
    felis: [''],
  },

  // Units.
  { name: 'a unit of nothing', yaml: column('fits:tunit: "0"'), felis: [at('columns.0')] },
  { name: 'zero metres', yaml: column('ivoa:unit: 0.0 m'), felis: [at('columns.0')] },
  { name: 'a factor that is too small for a number', yaml: column('ivoa:unit: 10**-400 m'), felis: [at('columns.0')] },
  { name: 'a factor of one, as a power', yaml: column('ivoa:unit: 10**0 m'), felis: [] },

  // What Felis does not get to.
  {
    name: 'names that are there twice beside a column that is wrong',
    yaml: table('columns: [{name: c, datatype: int, tap:std: 2}, {name: c, datatype: int}]'),
    felis: inColumn('tap:std'),
    beyond: [at('columns')],
  },
  {
    name: 'a dangling reference beside another error',
    yaml: table(
      'tap:table_index: x, columns: [{name: c, datatype: int}], constraints: [{name: k, "@type": Unique, columns: ["#t.d"]}]',
    ),
    felis: [at('tap:table_index')],
    beyond: [at('constraints.0.columns.#t.d')],
  },
  {
    name: 'fields that are wrong in a column without its length',
    yaml: table('columns: [{name: c, datatype: char, tap:std: 2, ivoa:ucd: nothing}]'),
    felis: [at('columns.0')],
    beyond: inColumn('tap:std', 'ivoa:ucd'),
  },
  {
    name: 'a resource that is not there beside an error of the file',
    yaml: schema('description: 1\nresources: {base: {uri: nope.yaml}}\ntables: []'),
    felis: ['description'],
    beyond: [''],
  },
  {
    name: 'an unknown resource beside an error of the file',
    yaml: schema('description: 1\ntables: [{name: t, columnRefs: {nope: {bt: {x: }}}}]'),
    felis: ['description'],
    beyond: [''],
  },
  {
    name: 'a constraint and an index name twice: the first of both',
    yaml: table(
      'columns: [{name: c, datatype: int}], constraints: [{name: k, "@type": Check, expression: a}, {name: k, "@type": Check, expression: a}], indexes: [{name: i, expressions: [a]}, {name: i, expressions: [a]}]',
    ),
    felis: [''],
  },
  {
    name: 'a missing description of a table that is wrong',
    yaml: table('tap:table_index: x'),
    checks: ['description'],
    felis: [at('tap:table_index')],
  },
  {
    name: 'a table with neither description nor index nor principal column',
    yaml: 'name: s\ndescription: d\ntables: [{name: t}]\n',
    checks: ['description', 'tap-table-indexes', 'tap-principal'],
    felis: ['tables.0'],
  },

  // Ids that are not made.
  {
    name: 'no ids, and none made',
    yaml: table('columns: [{name: c, datatype: int}], indexes: [{name: i, columns: ["#t.c"]}]'),
    idGeneration: false,
    felis: ['@id', at('@id'), at('columns.0.@id'), at('indexes.0.@id')],
  },
  {
    name: 'one column in two tables by an alias',
    yaml: schema('tables: [{name: t, columns: [&c {name: c, datatype: int}]}, {name: u, columns: [*c ]}]'),
    felis: [''],
  },
  {
    name: 'one column in two tables by a merge',
    yaml: schema('tables: [{name: t, columns: [&c {name: c, datatype: int}]}, {name: u, columns: [{<<: *c }]}]'),
    felis: [],
  },

  // Integers.
  { name: 'an index of 64 bits, with decimals', yaml: column('tap:column_index: 9223372036854774784.0'), felis: [] },
  {
    name: 'an index of more',
    yaml: column('tap:column_index: 9223372036854775808.0'),
    felis: inColumn('tap:column_index'),
  },
  {
    name: 'a length of more',
    yaml: table('columns: [{name: c, datatype: char, length: 1.0e+20}]'),
    felis: inColumn('length'),
  },
  {
    name: 'an arraysize of more',
    yaml: column('votable:arraysize: -1.0e+19'),
    felis: inColumn('votable:arraysize.int', 'votable:arraysize.constrained-str'),
  },
  { name: 'more digits, in quotes', yaml: column('tap:column_index: "99999999999999999999.0"'), felis: [] },
  {
    name: 'a point and nothing behind it',
    yaml: column('tap:column_index: "4."'),
    felis: inColumn('tap:column_index'),
  },
  { name: 'zeros before and behind', yaml: column('tap:column_index: "-004.00"'), felis: [] },
  { name: 'underscores between digits', yaml: column('tap:column_index: " 1_0 "'), felis: [] },
  { name: 'underscores elsewhere', yaml: column('tap:column_index: "1_"'), felis: inColumn('tap:column_index') },
  { name: 'a byte order mark as a unit', yaml: column('fits:tunit: "\\ufeff"'), felis: [at('columns.0')] },

  // Tracebacks.
  { name: 'a table without a name', yaml: schema('tables: [{columns: []}]'), felis: null },
  { name: 'columns that are null', yaml: table('columns: ~'), felis: null },
  { name: 'a datatype of another language', yaml: table('columns: [{name: c, datatype: varchar}]'), felis: null },
  { name: 'a length in quotes', yaml: table('columns: [{name: c, datatype: string, length: "5"}]'), felis: null },
  { name: 'a table that is text', yaml: schema('tables: [t]'), felis: null },
  {
    name: 'a schema that is a resource of itself',
    yaml: schema('resources: {me: {uri: case.yaml}}\ntables: []'),
    felis: [''],
  },
  { name: 'a schema that is a set', yaml: '!!set {name, tables}\n', felis: null },

  // Types of dialects, with arguments of the wrong kind.
  {
    name: 'a collation that is a number',
    yaml: column('postgresql:datatype: "VARCHAR(10,2)"'),
    checks: ['redundant-datatypes'],
    felis: null,
  },
  {
    name: 'a collation that is zero, which is none',
    yaml: column('postgresql:datatype: "CHAR(10,0)"'),
    checks: ['redundant-datatypes'],
    felis: [],
  },
  {
    name: 'an interval whose precision is a word',
    yaml: column('postgresql:datatype: INTERVAL(a)'),
    checks: ['redundant-datatypes'],
    felis: null,
  },
  {
    name: 'an interval of numbered fields',
    yaml: column('postgresql:datatype: "INTERVAL(5,0)"'),
    checks: ['redundant-datatypes'],
    felis: null,
  },
  {
    name: 'an interval with its fields',
    yaml: column('postgresql:datatype: "INTERVAL(5,DAY)"'),
    checks: ['redundant-datatypes'],
    felis: [],
  },
]
