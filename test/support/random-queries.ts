/**
 * Random ADQL on the small sky: of fitting types, but else of all that the language has, in every place. Longer than what
 * people write, and stranger.
 */
export function randomQuery(random: () => number): string {
  return new Writer(random).query()
}

type Kind = 'int' | 'real' | 'text' | 'bool' | 'time' | 'point' | 'circle' | 'polygon' | 'null'

interface Column {
  readonly name: string
  readonly kind: Kind
}

interface Source {
  readonly text: string
  readonly alias: string
  readonly columns: readonly Column[]
}

/** What an expression may be made of: columns, and aggregates of other columns. */
interface Seen {
  readonly columns: readonly Column[]
  readonly aggregated?: readonly Column[]
}

const TABLES: Readonly<Record<string, Readonly<Partial<Record<Kind, string>>>>> = {
  'sky.star': {
    int: 'star_id nobs flags field_id "Order"',
    real: 'ra dec parallax pmra mag mag_b "size"',
    text: 'name sptype "mixed Case"',
    bool: 'variable',
  },
  'sky."Field"': { int: 'field_id parent_id "select"', real: 'area_deg2', text: 'title survey "say ""hi"""' },
  'sky.observation': {
    int: 'field_id access_estsize',
    real: 's_ra s_dec s_fov t_min t_exptime',
    text: 'obs_id instrument',
    circle: 'cone',
    point: 'centre',
  },
  'sky.epoch': {
    int: 'star_id epoch_no run',
    real: 'mjd flux flux_err',
    text: 'remark',
    bool: 'detected',
    time: 'obs_time',
  },
}

const VALUES: readonly Kind[] = ['int', 'real', 'text', 'bool', 'time']
const KINDS: readonly Kind[] = [...VALUES, 'int', 'real', 'point', 'circle', 'polygon', 'null']
const COMPARISONS = ['=', '<>', '!=', '<', '<=', '>', '>=']

class Writer {
  readonly #random: () => number
  #names = 0

  constructor(random: () => number) {
    this.#random = random
  }

  query(): string {
    const common = this.#chance(0.15)
      ? [{ alias: this.#name(), kinds: this.#many(1, 3, () => this.#pick(VALUES)) }]
      : []
    const written = common.map(({ alias, kinds }) => `${alias} AS (${this.#select(kinds, [], [], 1, true)})`)
    const sources = common.map(({ alias, kinds }) => ({ alias, kinds }))
    const kinds = this.#many(1, 4, () => this.#pick(KINDS))
    return `${written.length > 0 ? `WITH ${written.join(', ')} ` : ''}${this.#expression(kinds, sources)}`
  }

  /** A select, a set operation, or either in parentheses, with ORDER BY and OFFSET. */
  #expression(kinds: readonly Kind[], common: readonly { alias: string; kinds: readonly Kind[] }[]): string {
    const roll = this.#random()
    const end = () =>
      (this.#chance(0.3) ? ` ORDER BY ${1 + this.#below(kinds.length)}` : '') + this.#maybe(0.2, ' OFFSET 1')
    const isComparable = kinds.every((kind) => !['point', 'circle', 'polygon'].includes(kind))
    if (roll < 0.7 || !isComparable) return this.#select(kinds, [], common, 2)
    if (roll < 0.8) return `(${this.#select(kinds, [], common, 2)})${end()}`
    const operator = this.#pick(['UNION', 'UNION ALL', 'EXCEPT', 'INTERSECT', 'EXCEPT ALL', 'INTERSECT ALL'])
    const operand = () =>
      this.#pick([(sql: string) => sql, (sql: string) => `(${sql})`])(this.#select(kinds, [], common, 1, true))
    return `${operand()} ${operator} ${operand()}${end()}`
  }

  #select(
    kinds: readonly Kind[],
    outer: readonly Column[],
    common: readonly { alias: string; kinds: readonly Kind[] }[],
    depth: number,
    plain = false,
  ): string {
    const { from, columns } = this.#from(outer, common, depth)
    const seen: Seen = { columns: [...columns, ...(this.#chance(0.5) ? outer : [])] }
    const where = this.#chance(0.6) ? ` WHERE ${this.#condition(seen, columns, depth, 2)}` : ''
    const plainColumns = columns.filter(isPlain)
    const most = Math.min(2, plainColumns.length)
    const keys = this.#chance(0.25) ? this.#many(0, most, () => this.#pick(plainColumns)) : undefined
    const inner: Seen = keys === undefined ? { columns } : { columns: keys, aggregated: columns }
    const items = kinds.map((kind, index) => `${this.#value(kind, inner, 2)} AS c${index + 1}`)
    const group = keys !== undefined && keys.length > 0 ? ` GROUP BY ${keys.map(({ name }) => name).join(', ')}` : ''
    const having = keys !== undefined && this.#chance(0.4) ? ` HAVING ${this.#condition(inner, columns, 0, 1)}` : ''
    const distinct = this.#maybe(kinds.every((kind) => !isShape(kind)) ? 0.1 : 0, 'DISTINCT ')
    const order = this.#order(kinds, inner, distinct !== '')
    const end = plain ? '' : `${order}${this.#maybe(0.1, ' OFFSET 2')}`
    return `SELECT ${distinct}${this.#maybe(0.5, 'TOP 3 ')}${items.join(', ')} FROM ${from}${where}${group}${having}${end}`
  }

  #order(kinds: readonly Kind[], seen: Seen, distinct: boolean): string {
    if (!this.#chance(0.4)) return ''
    const sortable = kinds.flatMap((kind, index) => (isShape(kind) ? [] : [index + 1]))
    const key = () => {
      const position = sortable[this.#below(sortable.length)]
      if (position !== undefined && (distinct || this.#chance(0.5))) return this.#pick([`${position}`, `c${position}`])
      return distinct ? undefined : this.#value(this.#pick(VALUES), seen, 2)
    }
    const keys = this.#many(1, 2, key).filter((text) => text !== undefined)
    return keys.length === 0 ? '' : ` ORDER BY ${keys.map((text) => text + this.#maybe(0.3, ' DESC')).join(', ')}`
  }

  #from(outer: readonly Column[], common: readonly { alias: string; kinds: readonly Kind[] }[], depth: number) {
    const sources = this.#many(1, depth > 1 ? 3 : 2, () => this.#source(outer, common, depth))
    const [first, ...others] = sources
    if (first === undefined) throw new Error('no source')
    let text = others.length === 0 ? first.text : fewRows(first)
    let columns = qualified(first)
    // A comma binds less tightly than JOIN.
    let joined = columns
    for (const source of others) {
      const both = [...columns, ...qualified(source)]
      const common = first.columns.find(({ name }) => source.columns.some((column) => column.name === name))
      const type = this.#pick(['JOIN', 'LEFT JOIN', 'RIGHT OUTER JOIN', 'FULL JOIN', 'INNER JOIN', ','])
      const isUsed = common !== undefined && isPlain(common) && others.length === 1 && type !== ','
      const on =
        type === ','
          ? ''
          : isUsed && this.#chance(0.4)
            ? ` USING (${common.name})`
            : ` ON ${this.#condition({ columns: [...joined, ...qualified(source)] }, both, 0, 1)}`
      joined = type === ',' ? qualified(source) : [...joined, ...qualified(source)]
      if (on.startsWith(' USING') && common !== undefined) columns = [common, ...both]
      else columns = both
      text = `${text}${type === ',' ? ', ' : ` ${type} `}${fewRows(source)}${on}`
    }
    return { from: text, columns }
  }

  #source(
    outer: readonly Column[],
    common: readonly { alias: string; kinds: readonly Kind[] }[],
    depth: number,
  ): Source {
    const alias = this.#name()
    const roll = this.#random()
    const [table] = common
    if (table !== undefined && roll < 0.3) {
      const columns = table.kinds.map((kind, index) => ({ name: `c${index + 1}`, kind }))
      return { text: `${table.alias} AS ${alias}`, alias, columns }
    }
    if (depth > 0 && roll < 0.5) {
      const kinds = this.#many(1, 3, () => this.#pick(KINDS))
      const columns = kinds.map((kind, index) => ({ name: `c${index + 1}`, kind }))
      return { text: `(${this.#select(kinds, outer, common, depth - 1)}) AS ${alias}`, alias, columns }
    }
    const name = this.#pick(Object.keys(TABLES))
    const columns = Object.entries(TABLES[name] ?? {}).flatMap(([kind, names]) =>
      names.split(/ (?=(?:[^"]*"[^"]*")*[^"]*$)/).map((column) => ({ name: column, kind: kind as Kind })),
    )
    return { text: `${name} AS ${alias}`, alias, columns }
  }

  #condition(seen: Seen, columns: readonly Column[], depth: number, size: number): string {
    const roll = this.#random()
    if (size > 0 && roll < 0.3) {
      const parts = this.#many(2, 3, () => this.#condition(seen, columns, depth, size - 1))
      return `(${parts.join(this.#pick([' AND ', ' OR ']))})`
    }
    if (size > 0 && roll < 0.4) return `NOT (${this.#condition(seen, columns, depth, size - 1)})`
    const not = this.#maybe(0.3, 'NOT ')
    const kind = this.#pick(VALUES)
    const value = (of: Kind = kind) => this.#value(of, seen, 2)
    if (roll < 0.55) return `${value()} ${this.#pick(COMPARISONS)} ${value()}`
    if (roll < 0.6) return `${value()} ${not}BETWEEN ${value()} AND ${value()}`
    if (roll < 0.66) return `${value()} ${not}IN (${this.#many(1, 3, () => value()).join(', ')})`
    if (roll < 0.7) return `${value('text')} ${not}${this.#pick(['LIKE', 'ILIKE'])} ${value('text')}`
    if (roll < 0.75) return `${value(this.#pick(KINDS))} IS ${not}NULL`
    if (roll < 0.8) return `${value('real')} ${this.#pick(COMPARISONS)} ${value('int')}`
    if (depth > 0 && roll < 0.88) return `${value()} ${not}IN (${this.#select([kind], seen.columns, [], depth - 1)})`
    if (depth > 0 && roll < 0.94) return `${not}EXISTS (${this.#select([kind], seen.columns, [], depth - 1)})`
    return this.#pick([
      `${this.#relation(seen)} ${this.#pick(COMPARISONS)} ${this.#pick(['1', '0', value('int')])}`,
      `${this.#pick(['1', '0'])} ${this.#pick(COMPARISONS)} ${this.#relation(seen)}`,
      `DISTANCE(${value('point')}, ${value('point')}) ${this.#pick(COMPARISONS)} ${value('real')}`,
      `${value('real')} ${this.#pick(COMPARISONS)} DISTANCE(${value('point')}, ${value('point')})`,
    ])
  }

  #relation(seen: Seen): string {
    const shape = () => this.#value(this.#pick(['point', 'point', 'circle', 'polygon'] as const), seen, 1)
    return `${this.#pick(['CONTAINS', 'INTERSECTS'])}(${shape()}, ${shape()})`
  }

  #value(kind: Kind, seen: Seen, size: number): string {
    if (kind !== 'null' && this.#chance(0.03))
      return isShape(kind) ? this.#literal(kind) : `COALESCE(NULL, ${this.#literal(kind)})`
    const fitting = seen.columns.filter((column) => column.kind === kind)
    if (fitting.length > 0 && this.#chance(size > 0 ? 0.5 : 0.8)) return this.#pick(fitting).name
    if (seen.aggregated !== undefined && this.#chance(0.6)) {
      const found = this.#aggregate(kind, seen.aggregated, size)
      if (found !== undefined) return found
    }
    if (size === 0) return this.#literal(kind)
    const inner = (of: Kind) => this.#value(of, seen, size - 1)
    return this.#made(kind, inner, seen)
  }

  #aggregate(kind: Kind, columns: readonly Column[], size: number): string | undefined {
    const inner = (of: Kind) => this.#value(of, { columns }, Math.min(size, 1))
    const distinct = this.#maybe(0.2, 'DISTINCT ')
    switch (kind) {
      case 'int':
        return this.#pick([
          'COUNT(*)',
          `COUNT(${distinct}${inner(this.#pick(VALUES))})`,
          `SUM(${distinct}${inner('int')})`,
          `MAX(${inner('int')})`,
        ])
      case 'real':
        return `${this.#pick(['AVG', 'SUM', 'MIN', 'MAX'])}(${distinct}${inner('real')})`
      case 'text':
      case 'bool':
      case 'time':
        return `${this.#pick(['MIN', 'MAX'])}(${inner(kind)})`
      default:
        return undefined
    }
  }

  #made(kind: Kind, inner: (kind: Kind) => string, seen: Seen): string {
    const arithmetic = (of: Kind) => `${inner(of)} ${this.#pick(['+', '-', '*', '/'])} ${inner(of)}`
    const cast = (target: string) => `CAST(${inner(this.#pick(['int', 'real', 'text', 'bool'] as const))} AS ${target})`
    const coalesce = () => `COALESCE(${this.#many(1, 3, () => inner(kind)).join(', ')})`
    switch (kind) {
      case 'int':
        return this.#pick([
          `(${arithmetic('int')})`,
          `- ${inner('int')}`,
          cast(this.#pick(['SMALLINT', 'INTEGER', 'BIGINT'])),
          coalesce(),
          this.#literal('int'),
          this.#relation(seen),
        ])
      case 'real':
        return this.#pick([
          `(${arithmetic('real')})`,
          `(${inner('int')} * ${inner('real')})`,
          `+ ${inner('real')}`,
          `${this.#pick(['ABS', 'CEILING', 'DEGREES', 'EXP', 'FLOOR', 'LOG', 'LOG10', 'RADIANS', 'ROUND', 'SQRT', 'TRUNCATE', 'ACOS', 'ASIN', 'ATAN', 'COS', 'COT', 'SIN', 'TAN'])}(${inner(this.#pick(['int', 'real'] as const))})`,
          `${this.#pick(['MOD', 'POWER', 'ATAN2'])}(${inner('real')}, ${inner('int')})`,
          `${this.#pick(['ROUND', 'TRUNCATE'])}(${inner('real')}, ${this.#pick(['2', '-1', '0'])})`,
          cast(this.#pick(['REAL', 'DOUBLE PRECISION'])),
          coalesce(),
          `COALESCE(${inner('int')}, ${inner('real')})`,
          `COORD${this.#pick(['1', '2'])}(${inner('point')})`,
          `DISTANCE(${inner('point')}, ${inner('point')})`,
          `AREA(${inner(this.#pick(['circle', 'point'] as const))})`,
          this.#pick(['RAND()', 'PI()']),
          this.#literal('real'),
        ])
      case 'text':
        return this.#pick([
          `${inner('text')} || ${inner('text')}`,
          `${this.#pick(['LOWER', 'UPPER'])}(${inner('text')})`,
          cast(this.#pick(['CHAR', 'CHAR(3)', 'VARCHAR', 'VARCHAR(5)'])),
          `CAST(${inner('time')} AS VARCHAR)`,
          coalesce(),
          this.#literal('text'),
        ])
      case 'time':
        return this.#pick([coalesce(), this.#literal('time'), `CAST(${inner('time')} AS TIMESTAMP)`])
      case 'bool':
        return coalesce()
      case 'point':
        return this.#pick([
          `POINT(${inner('real')}, ${this.#below(90)})`,
          `POINT(${inner('real')}, ${inner('real')})`,
          `POINT('ICRS', ${inner('int')}, ${inner('real')})`,
          `CENTROID(${inner('circle')})`,
          coalesce(),
          this.#literal('point'),
        ])
      case 'circle':
        return this.#pick([
          `CIRCLE(${inner('point')}, ${inner('real')})`,
          `CIRCLE(${inner('real')}, ${inner('real')}, ${inner('int')})`,
          this.#literal('circle'),
        ])
      default:
        return this.#literal(kind)
    }
  }

  #literal(kind: Kind): string {
    const position = () => `${this.#below(360)}, ${this.#below(181) - 90}`
    switch (kind) {
      case 'int':
        return this.#pick(['0', '1', '2', '7', '32768', '2147483648', '-1', '12'])
      case 'real':
        return this.#pick(['0.5', '1e-3', '2.', '-1.5', '.25', '8.74', '1e10', '90', '0'])
      case 'text':
        return this.#pick(["''", "'a'", "'it''s'", "'%'", "'\\'", "'A_'", "'12'", "'é🔭'"])
      case 'bool':
        return 'NULL'
      case 'time':
        return `CAST(${this.#pick(["'2020-02-29'", "'2020-01-02T02:07:00.5'", 'NULL'])} AS TIMESTAMP)`
      case 'point':
        return `POINT(${position()})`
      case 'circle':
        return this.#pick([`CIRCLE(${position()}, ${this.#below(181)})`, "REGION('circle 10 20 3')"])
      case 'polygon':
        return this.#pick([
          'POLYGON(0, 0, 30, 0, 30, 20)',
          'POLYGON(350, -5, 10, -5, 10, 5, 0, 0, 350, 5)',
          'POLYGON(0, 80, 120, 80, 240, 80)',
          'BOX(10, 20, 5, 3)',
          "CAST('1 1 2 1 2 2' AS POLYGON)",
        ])
      case 'null':
        return this.#pick(['NULL', 'COALESCE(NULL, NULL)'])
    }
  }

  #name(): string {
    this.#names += 1
    return `t${this.#names}`
  }

  #chance(share: number): boolean {
    return this.#random() < share
  }

  #maybe(share: number, text: string): string {
    return this.#chance(share) ? text : ''
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count)
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#below(values.length)] as T
  }

  #many<T>(least: number, most: number, make: () => T): T[] {
    return Array.from({ length: least + this.#below(most - least + 1) }, make)
  }
}

/** Products of whole tables would take long. */
function fewRows({ text, alias }: Source): string {
  return `(SELECT TOP 20 * FROM ${text}) AS ${alias}`
}

function isShape(kind: Kind): boolean {
  return kind === 'point' || kind === 'circle' || kind === 'polygon'
}

function isPlain({ kind }: Column): boolean {
  return !isShape(kind)
}

function qualified({ alias, columns }: Source): readonly Column[] {
  return columns.map(({ name, kind }) => ({ name: `${alias}.${name}`, kind }))
}
