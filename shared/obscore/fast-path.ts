import { textSql } from '../adql/postgresql/names.ts'
import { FACTORS } from './careful-path.ts'
import { findColumn, OBSCORE_COLUMNS, type ObscoreColumn, POLARISATION_STATES, PRODUCT_TYPES } from './columns.ts'
import { memberSql, memberTextSql } from './literal.ts'
import { type ColumnMapping, type ObscoreMapping, type Scalar, sameName } from './mapping.ts'
import { boundsOfSmall, flatRegion, isOpen, isSmall } from './region-functions.ts'
import { columnsIn, templateSql } from './template-sql.ts'
import { DATE_TEXT, SEPARATOR, WHITE_SPACE_CLASS } from './value-functions.ts'

/**
 * Statements that fill the fields `r` and the `bounds` of the region from the document `doc`, and set `is_clean` when the
 * careful path would certainly give the same without any reason. Everything out of the ordinary leaves it false: casts that fail, text
 * for a number, blanks around a text, values out of range.
 *
 * A transaction of one statement has to set up every expression anew, which takes longer than evaluating it once: one call
 * of jsonb_populate_record for all columns, and few checks that look at many columns at once.
 *
 * @param alsoCheck what else must hold
 */
export function fastPath(mapping: ObscoreMapping, s: string, alsoCheck: readonly string[]): string {
  const columns = OBSCORE_COLUMNS.map((column) => ({ column, entry: mapping.columns.get(column.name) ?? ABSENT }))
  if (columns.some((known) => !hasFastWay(known))) return ''
  const direct = columns.filter(isDirect)
  const source = sourceOf(direct)
  const checks = [...alsoCheck, ...sharedChecks(columns), ...columns.flatMap(ownChecks)]
  const lines = columns.flatMap((known) => assignments(known, s))
  const work = `
    r := jsonb_populate_record(null::${s}.fields, ${source});
${regionStatements(mapping, s)}${noneStatements(direct)}${lines.map((line) => `    ${line}\n`).join('')}    is_clean := ${checks.join('\n      and ')};`
  return `
  begin${source === 'doc' ? '' : `\n    doc := doc || '{}';`}${unlessTextForNumber(direct, source, work)}
  exception when others then is_clean := false;
  end;
`
}

/**
 * Text where a number is expected is looked at with care, and before it is cast: an expression that has raised an error
 * once takes longer for the rest of the transaction.
 */
function unlessTextForNumber(direct: readonly Known[], source: string, work: string): string {
  const numbers = direct.filter(({ column: { kind } }) => kind === 'integer' || kind === 'double')
  if (numbers.length === 0) return work
  const strings = numbers.map(({ column: { name } }) => `$.${name} > ""`)
  return `
    if jsonb_path_match(${source}, '${strings.join(' || ')}') then
      is_clean := false;
    else${work}
    end if;`
}

interface Known {
  readonly column: ObscoreColumn
  readonly entry: ColumnMapping
}

const ABSENT: ColumnMapping = { ...sameName(''), path: null }

/**
 * There is none for two conversions, one after the other, nor for texts made of parts that are to become something else, nor
 * for numbers in texts, which the settings of the session change.
 */
function hasFastWay({ column: { kind }, entry: { map, from, template, default: usual } }: Known): boolean {
  if (kind === 'region') return map === null && template === null && usual === null
  const isText = kind === 'text' || kind === 'url'
  return (map === null || from === null) && (template === null || (isText && !readsNumbers(template)))
}

function readsNumbers(template: string): boolean {
  return columnsIn(template).some((name) => findColumn(name)?.kind === 'double')
}

/** Whether the value stands in the document as it is wanted. */
function isDirect({ entry: { path, map, from } }: Known): boolean {
  return path !== null && map === null && from === null
}

/** The document, or one made of its members under the names of the columns. */
function sourceOf(direct: readonly Known[]): string {
  const isSame = direct.every(({ column: { name }, entry: { path } }) => path?.length === 1 && path[0] === name)
  if (isSame) return 'doc'
  const pairs = direct.map(({ column: { name }, entry: { path } }) => `${textSql(name)}, ${memberSql(path ?? [])}`)
  return `jsonb_build_object(${pairs.join(', ')})`
}

function assignments(known: Known, s: string): string[] {
  const { column, entry } = known
  const { name, sqlType } = column
  const value = `r.${name}`
  if (column.kind === 'region') return entry.path === null ? [`${value} := null;`] : []
  const otherwise = [
    ...(entry.template === null ? [] : [templateSql(entry.template, s)]),
    ...(entry.default === null ? [] : [constant(entry.default, sqlType)]),
  ]
  if (!isDirect(known)) {
    const own = entry.path === null ? [] : [converted(column, entry, entry.path, s)]
    const parts = [...own, ...otherwise]
    if (parts.length === 0) return [`${value} := null;`]
    return [`${value} := ${parts.length === 1 ? parts[0] : `coalesce(${parts.join(', ')})`};`]
  }
  if (otherwise.length === 0) return []
  const usual = otherwise.length === 1 ? otherwise[0] : `coalesce(${otherwise.join(', ')})`
  return [`if ${value} is null then ${value} := ${usual}; end if;`]
}

/** -1 stands for no value in some columns; few documents have it. */
function noneStatements(direct: readonly Known[]): string {
  const values = direct.flatMap(({ column: { name, minusOneIsNone } }) => (minusOneIsNone ? [`r.${name}`] : []))
  if (values.length === 0) return ''
  const lines = values.map((value) => `      ${value} := nullif(${value}, -1);\n`)
  return `    if least(${values.join(', ')}) < 0 then\n${lines.join('')}    end if;\n`
}

/**
 * Small polygons, as most archives have them, are read by PostgreSQL's own types; those that are written as they are
 * published are kept as they are.
 */
function regionStatements({ columns, regionFormat }: ObscoreMapping, s: string): string {
  const path = columns.get('s_region')?.path ?? null
  if (path === null) return ''
  const start = regionFormat === 'dali' ? '' : 'Polygon ICRS '
  const numbers = "array_to_string(numbers, ' ')"
  const circles = regionFormat === 'dali' ? ' or cardinality(g.numbers) = 3' : ''
  const read = `
      g := ${s}.region(${memberSql(path)});
      if g.code is not null${circles} then raise exception 'not clean'; end if;
      r.s_region := ${s}.region_text(g.numbers);
      bounds := g.bounds;`
  return `    if r.s_region like '${start}%' then
      outline := replace(substr(r.s_region, ${start.length + 1}), ' ', ',')::path;
      corners := box(polygon(outline));
      if '${start}' || translate(outline::text, ',()', ' ') = r.s_region
         and npoints(outline) >= 3 and ${isSmall('corners')} and @-@ outline > @-@ popen(outline) then
        bounds := ${boundsOfSmall('corners')};
      else${read}
      end if;
    elsif r.s_region is not null then
      flat := ${flatRegion('r.s_region')};
      corners := box(flat::polygon);
      numbers := ('{' || flat || '}')::double precision[];
      if cardinality(numbers) >= 6 and ${isSmall('corners')} and ${isOpen('numbers')} and current_setting('extra_float_digits')::integer > 0 then
        r.s_region := ${start === '' ? numbers : `'${start}' || ${numbers}`};
        bounds := ${boundsOfSmall('corners')};
      else${read}
      end if;
    end if;
`
}

function constant(value: Scalar, type: string): string {
  return `${textSql(String(value))}::${type}`
}

/** The value by its map or its conversion; NULL, or an error, where the careful path would have a reason. */
function converted(
  { sqlType }: ObscoreColumn,
  { map, from }: ColumnMapping,
  path: readonly string[],
  s: string,
): string {
  const member = `(${memberSql(path)})`
  if (map !== null) {
    const cases = [...map].map(([word, value]) => `when ${textSql(word)} then ${constant(value, sqlType)}`)
    return `case ${memberTextSql(path)} ${cases.join(' ')} end`
  }
  switch (from) {
    case 'iso8601':
      return `(${s}.mjd(${member})).value::double precision`
    case 'sexagesimal-hours':
      return `(${s}.angle(${member}, 15)).value::double precision`
    case 'sexagesimal-degrees':
      return `(${s}.angle(${member}, 1)).value::double precision`
    case 'Hz':
      return `299792458 / nullif(${member}::double precision, 0)`
    case 'byte':
      return `ceil(${member}::numeric / 1024)::bigint`
    default:
      return `${member}::double precision * ${FACTORS[from ?? 'min'] ?? '1'}`
  }
}

/** Checks of all columns at once. */
function sharedChecks(columns: readonly Known[]): string[] {
  const valuesOf = (wanted: (known: Known) => boolean) => columns.filter(wanted).map(({ column }) => `r.${column.name}`)
  const mandatory = valuesOf(({ column }) => column.mandatory)
  const texts = valuesOf((known) => known.column.kind === 'text' && isForeign(known))
  const integers = valuesOf(({ column }) => column.kind === 'integer')
  const reals = valuesOf(({ column: { kind, range } }) => kind === 'double' && range?.[0] === 0)
  return [
    `num_nonnulls(${mandatory.join(', ')}) = ${mandatory.length}`,
    ...(texts.length === 0 ? [] : [`concat_ws(${textSql(SEPARATOR)}, ${texts.join(', ')}) !~ ${UNUSUAL_TEXT}`]),
    `least(${integers.join(', ')}) >= 0`,
    `(least(${reals.join(', ')}) >= 0) is not false`,
    '(r.t_min <= r.t_max) is not false',
    '(r.em_min <= r.em_max) is not false',
    'num_nulls(r.s_ra, r.s_dec) <> 1',
  ]
}

/** Whether its text is not ours alone. */
function isForeign({ entry: { path, map, template } }: Known): boolean {
  return (path !== null && map === null) || template !== null
}

/** Among texts with the separator between them: one that is blank, has blanks around it, or may be a list or an object. */
const UNUSUAL_TEXT = textSql(
  `(^|${SEPARATOR})([{${WHITE_SPACE_CLASS}[]|$|${SEPARATOR})|[${WHITE_SPACE_CLASS}]($|${SEPARATOR})`,
)

/** As most are written: what is beyond that is looked at with care. */
const USUAL_URL = textSql(`^https?://[0-9A-Za-z.-]+(:[0-9]+)?(/[^${WHITE_SPACE_CLASS}]*)?$`)

const CANONICAL_STATES = `'^/${POLARISATION_STATES.map((state) => `(${state}/)?`).join('')}$'`

/** Neighbours in the list are most of what there is, and found in less time. */
function isCanonical(states: string): string {
  const all = textSql(`/${POLARISATION_STATES.join('/')}/`)
  return `${states} like '/%/' and strpos(${all}, ${states}) > 0 or ${states} ~ ${CANONICAL_STATES} and ${states} <> '/'`
}

function ownChecks(known: Known): string[] {
  const { column, entry } = known
  const value = `r.${column.name}`
  const ifThere = (check: string) => [`(${check}) is not false`]
  if (entry === ABSENT) return []
  switch (column.kind) {
    case 'product-type':
      return [...sourceChecks(known), ...ifThere(`${value} in (${PRODUCT_TYPES.map(textSql).join(', ')})`)]
    case 'polarisation':
      return [...sourceChecks(known), ...ifThere(isCanonical(value))]
    case 'url':
      return [...sourceChecks(known), ...ifThere(`${value} ~ ${USUAL_URL}`)]
    case 'date':
      return isDirect(known) ? ifThere(`${memberTextSql(entry.path ?? [])} ~ ${DATE_TEXT}`) : sourceChecks(known)
    case 'integer':
    case 'double':
      return [...sourceChecks(known), ...rangeChecks(column)]
    default:
      return sourceChecks(known)
  }
}

/** What is not zero or more is asked of all numbers at once. */
function rangeChecks({ name, range }: ObscoreColumn): string[] {
  const [lowest = 0, highest = null] = range ?? []
  const value = `r.${name}`
  if (lowest !== 0) return [`(abs(${value}) <= ${highest}) is not false`]
  if (highest === null) return []
  return [`(${value} ${name === 's_ra' ? '<' : '<='} ${highest}) is not false`]
}

/** Whether what stands in the document was understood. */
function sourceChecks({ column: { name }, entry: { path, map, from } }: Known): string[] {
  if (path === null) return []
  const member = `(${memberSql(path)})`
  if (map !== null)
    return [`(${member} is null or ${memberTextSql(path)} in (${[...map.keys()].map(textSql).join(', ')}))`]
  if (from === 'byte') return [`(${member}::numeric >= 0) is not false`]
  if (from === null || FACTORS[from] !== undefined) return []
  return [`(${member} is null or r.${name} is not null)`]
}
