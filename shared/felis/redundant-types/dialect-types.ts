/** An argument as Felis reads it from an override: digits are a number, anything else stays text. */
export type TypeArgument = bigint | string

/** What SQLAlchemy 2.0 makes of a type name with arguments: its SQL text, or why it gives none. */
export type CompiledType = { readonly sql: string } | { readonly refused: string }

/** `length` is the column's, for a type that has a length and was given none. */
export type CompileType = (args: readonly TypeArgument[], length: number | null) => CompiledType

export type Dialect = 'mysql' | 'postgresql'

/**
 * Felis datatypes as columns of each dialect, with `{}` where the column's length stands. Felis's `timestamp` takes no
 * precision here: the check builds the type without it.
 */
export const baseTypes: Readonly<Record<string, Readonly<Record<Dialect, string>>>> = {
  boolean: { mysql: 'BOOL', postgresql: 'BOOLEAN' },
  byte: { mysql: 'TINYINT', postgresql: 'SMALLINT' },
  short: { mysql: 'SMALLINT', postgresql: 'SMALLINT' },
  int: { mysql: 'INTEGER', postgresql: 'INTEGER' },
  long: { mysql: 'BIGINT', postgresql: 'BIGINT' },
  float: { mysql: 'FLOAT', postgresql: 'FLOAT' },
  double: { mysql: 'DOUBLE', postgresql: 'DOUBLE PRECISION' },
  char: { mysql: 'CHAR({})', postgresql: 'CHAR({})' },
  string: { mysql: 'VARCHAR({})', postgresql: 'VARCHAR({})' },
  unicode: { mysql: 'NATIONAL VARCHAR({})', postgresql: 'VARCHAR({})' },
  text: { mysql: 'LONGTEXT', postgresql: 'TEXT' },
  binary: { mysql: 'LONGBLOB', postgresql: 'BYTEA' },
  timestamp: { mysql: 'DATETIME', postgresql: 'TIMESTAMP WITHOUT TIME ZONE' },
}

/** The types that each dialect knows by name. A name that is not here is unsupported. */
export const dialectTypes: Readonly<Record<Dialect, ReadonlyMap<string, CompileType>>> = {
  mysql: new Map([
    ['BIGINT', printed('BIGINT', 1)],
    ['BINARY', sized('BINARY', { digits: true })],
    ['BIT', printed('BIT', 1, { length: true })],
    ['BLOB', sized('BLOB', { digits: true })],
    ['BOOLEAN', fixed('BOOL', 4)],
    ['CHAR', sized('CHAR', {})],
    ['DATE', fixed('DATE', 0)],
    ['DATETIME', timed('DATETIME')],
    ['DECIMAL', printed('DECIMAL', 2, { most: 3 })],
    ['DOUBLE', paired('DOUBLE')],
    ['ENUM', listed('ENUM')],
    ['FLOAT', printed('FLOAT', 2, { most: 3 })],
    ['INET4', refused('INET4 cannot be written for MySQL')],
    ['INET6', refused('INET6 cannot be written for MySQL')],
    ['INTEGER', printed('INTEGER', 1)],
    ['JSON', fixed('JSON', 1)],
    ['LONGBLOB', fixed('LONGBLOB', 1)],
    ['LONGTEXT', fixed('LONGTEXT', 0)],
    ['MEDIUMBLOB', fixed('MEDIUMBLOB', 1)],
    ['MEDIUMINT', printed('MEDIUMINT', 1)],
    ['MEDIUMTEXT', fixed('MEDIUMTEXT', 0)],
    ['NCHAR', sized('NATIONAL CHAR', {})],
    ['NUMERIC', printed('NUMERIC', 2, { most: 3 })],
    ['NVARCHAR', sized('NATIONAL VARCHAR', { needed: true })],
    ['REAL', paired('REAL')],
    ['SET', listed('SET')],
    ['SMALLINT', printed('SMALLINT', 1)],
    ['TEXT', sized('TEXT', { digits: true })],
    ['TIME', timed('TIME')],
    ['TIMESTAMP', timed('TIMESTAMP')],
    ['TINYBLOB', fixed('TINYBLOB', 1)],
    ['TINYINT', printed('TINYINT', 1)],
    ['TINYTEXT', fixed('TINYTEXT', 0)],
    ['VARBINARY', sized('VARBINARY', { digits: true, needed: true })],
    ['VARCHAR', sized('VARCHAR', { digits: true, needed: true })],
    ['YEAR', printed('YEAR', 1)],
  ]),
  postgresql: new Map([
    ['ARRAY', refused('ARRAY needs a type of its items, which an override cannot give')],
    ['BIGINT', fixed('BIGINT', 0)],
    ['BIT', bits()],
    ['BOOLEAN', fixed('BOOLEAN', 4)],
    ['BYTEA', fixed('BYTEA', 1)],
    ['CHAR', collated('CHAR')],
    ['CIDR', fixed('CIDR', 0)],
    ['CITEXT', fixed('CITEXT', 2)],
    ['DATE', fixed('DATE', 0)],
    ['DATEMULTIRANGE', fixed('DATEMULTIRANGE', 0)],
    ['DATERANGE', fixed('DATERANGE', 0)],
    ['DOMAIN', refused('DOMAIN needs a name and a type, which an override cannot give')],
    ['DOUBLE_PRECISION', fixed('DOUBLE PRECISION', 3)],
    ['ENUM', refused('ENUM needs a name in PostgreSQL, which an override cannot give')],
    ['FLOAT', printed('FLOAT', 1, { most: 3, zeroIsNone: true })],
    ['HSTORE', fixed('HSTORE', 1)],
    ['INET', fixed('INET', 0)],
    ['INT4MULTIRANGE', fixed('INT4MULTIRANGE', 0)],
    ['INT4RANGE', fixed('INT4RANGE', 0)],
    ['INT8MULTIRANGE', fixed('INT8MULTIRANGE', 0)],
    ['INT8RANGE', fixed('INT8RANGE', 0)],
    ['INTEGER', fixed('INTEGER', 0)],
    ['INTERVAL', interval()],
    ['JSON', fixed('JSON', 2)],
    ['JSONB', fixed('JSONB', 2)],
    ['JSONPATH', fixed('JSONPATH', 0)],
    ['MACADDR', fixed('MACADDR', 0)],
    ['MACADDR8', fixed('MACADDR8', 0)],
    ['MONEY', fixed('MONEY', 0)],
    ['NUMERIC', printed('NUMERIC', 2, { most: 4 })],
    ['NUMMULTIRANGE', fixed('NUMMULTIRANGE', 0)],
    ['NUMRANGE', fixed('NUMRANGE', 0)],
    ['OID', fixed('OID', 0)],
    ['REAL', fixed('REAL', 3)],
    ['REGCLASS', fixed('REGCLASS', 0)],
    ['REGCONFIG', fixed('REGCONFIG', 0)],
    ['SMALLINT', fixed('SMALLINT', 0)],
    ['TEXT', collated('TEXT')],
    ['TIME', zoned('TIME')],
    ['TIMESTAMP', zoned('TIMESTAMP')],
    ['TSMULTIRANGE', fixed('TSMULTIRANGE', 0)],
    ['TSQUERY', fixed('TSQUERY', 0)],
    ['TSRANGE', fixed('TSRANGE', 0)],
    ['TSTZMULTIRANGE', fixed('TSTZMULTIRANGE', 0)],
    ['TSTZRANGE', fixed('TSTZRANGE', 0)],
    ['TSVECTOR', fixed('TSVECTOR', 0)],
    ['UUID', fixed('UUID', 1)],
    ['VARCHAR', collated('VARCHAR')],
  ]),
}

/** Always the same text: up to `most` arguments are taken and change nothing. */
function fixed(sql: string, most: number): CompileType {
  return (args) => (args.length > most ? tooMany(sql, most) : { sql })
}

function refused(reason: string): CompileType {
  return () => ({ refused: reason })
}

/** Prints its first arguments in parentheses. */
function printed(
  name: string,
  shown: number,
  options: { most?: number; length?: boolean; zeroIsNone?: boolean } = {},
): CompileType {
  const most = options.most ?? shown
  return (args, length) => {
    if (args.length > most) return tooMany(name, most)
    const given = args.length === 0 && options.length === true && length !== null ? [BigInt(length)] : args
    if (given.length === 0 || (options.zeroIsNone === true && given[0] === 0n)) return { sql: name }
    return { sql: `${name}(${given.slice(0, shown).join(', ')})` }
  }
}

/** MySQL types of a length, which must be `digits` for some, and which some cannot do without. */
function sized(name: string, options: { digits?: boolean; needed?: boolean }): CompileType {
  return (args, length) => {
    if (args.length > 1) return tooMany(name, 1)
    const size = args[0] ?? (length === null ? undefined : BigInt(length))
    if (size === undefined) return options.needed === true ? { refused: `${name} needs a length` } : { sql: name }
    if (options.digits === true && typeof size === 'string') return { refused: `the length of ${name} is not a number` }
    return { sql: name === 'BINARY' && size === 0n ? name : `${name}(${size})` }
  }
}

/** PostgreSQL strings: a length that is left out when zero, and a collation. */
function collated(name: string): CompileType {
  return (args, length) => {
    if (args.length > 2) return tooMany(name, 2)
    const size = args[0] ?? (length === null ? 0n : BigInt(length))
    const collation = args[1]
    if (typeof collation === 'bigint' && collation !== 0n) return { refused: `the collation of ${name} is a number` }
    const collated = collation === undefined || collation === '' || collation === 0n ? '' : ` COLLATE "${collation}"`
    return { sql: `${name}${size === 0n || size === '' ? '' : `(${size})`}${collated}` }
  }
}

/** PostgreSQL's INTERVAL: a precision, and the fields that it has. */
function interval(): CompileType {
  return (args) => {
    if (args.length > 2) return tooMany('INTERVAL', 2)
    const [digits, fields] = args
    if (typeof digits === 'string') return { refused: 'the precision of INTERVAL is not a number' }
    if (typeof fields === 'bigint') return { refused: 'the fields of INTERVAL are a number' }
    return { sql: `INTERVAL${fields === undefined ? '' : ` ${fields}`}${digits === undefined ? '' : ` (${digits})`}` }
  }
}

/** MySQL times: the first argument is a time zone flag, so `DATETIME(6)` is a plain DATETIME; the second is shown. */
function timed(name: string): CompileType {
  return (args) => {
    if (args.length > 2) return tooMany(name, 2)
    const digits = args[1]
    if (digits === undefined || digits === 0n || digits === '') return { sql: name }
    return typeof digits === 'string'
      ? { refused: `the precision of ${name} is not a number` }
      : { sql: `${name}(${digits})` }
  }
}

/** PostgreSQL times: the first argument is a time zone flag, so `TIMESTAMP(3)` has a time zone; the second is shown. */
function zoned(name: string): CompileType {
  return (args) => {
    if (args.length > 2) return tooMany(name, 2)
    const [zone = 0n, digits] = args
    if (typeof digits === 'string') return { refused: `the precision of ${name} is not a number` }
    const precision = digits === undefined ? '' : `(${digits})`
    return { sql: `${name}${precision} ${zone === 0n || zone === '' ? 'WITHOUT' : 'WITH'} TIME ZONE` }
  }
}

/** MySQL numbers that want both precision and scale, or neither. */
function paired(name: string): CompileType {
  return (args) => {
    if (args.length > 3) return tooMany(name, 3)
    if (args.length === 1) return { refused: `${name} takes a precision and a scale, or neither` }
    return { sql: args.length === 0 ? name : `${name}(${args[0]}, ${args[1]})` }
  }
}

/** MySQL lists of words; a number among them has no length, over which Felis falls. */
function listed(name: string): CompileType {
  return (args) =>
    args.some((arg) => typeof arg === 'bigint')
      ? { refused: `the values of ${name} are words in quotes, not numbers` }
      : { sql: `${name}(${args.join(',')})` }
}

/** PostgreSQL BIT: one bit unless a length is given; its second argument makes it VARYING. */
function bits(): CompileType {
  return (args) => {
    if (args.length > 2) return tooMany('BIT', 2)
    const [size = 1n, varying = 0n] = args
    if (typeof size === 'string') return { refused: 'the length of BIT is not a number' }
    return { sql: `BIT${varying === 0n ? '' : ' VARYING'}(${size === 0n ? 1n : size})` }
  }
}

function tooMany(name: string, most: number): CompiledType {
  const takes = most === 0 ? 'no arguments' : most === 1 ? 'one argument' : `at most ${most} arguments`
  return { refused: `${name} takes ${takes}` }
}
