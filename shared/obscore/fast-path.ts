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
 * careful path would certainly give the same without any reason. Everything out of the ordinary leaves it false or NULL: casts
 * that fail, text for a number, blanks around a text, values out of range.
 *
 * A transaction of one statement has to set up every expression anew, which takes longer than evaluating it once: one call
 * of jsonb_populate_record for all columns, one JSON path for all numbers, and few checks that look at many columns at once.
 *
 * @param alsoCheck what else must hold
 */
export function fastPath(mapping: ObscoreMapping, s: string, alsoCheck: readonly string[]): string {
  const columns = OBSCORE_COLUMNS.map((column) => ({ column, entry: mapping.columns.get(column.name) ?? ABSENT }))
  if (columns.some((known) => !hasFastWay(known))) return ''
  const direct = columns.filter(isDirect)
  const source = sourceOf(direct)
  const nothing = `${textSql(`(${','.repeat(columns.length - 1)})`)}::${s}.fields`
  const lines = columns.flatMap((known) => assignments(known, s))
  const work = `
      r := jsonb_populate_record(${nothing}, source);
${regionStatements(mapping, s)}${lines.map((line) => `    ${line}\n`).join('')}${checkStatements(columns, alsoCheck)}`
  return `
  begin
${source === 'doc' ? '' : "    doc := doc || '{}';\n"}    source := ${source};
${ifNumbersAreUsual(direct, work)}
  exception when others then is_clean := false;
  end;
`
}

/**
 * Numbers are looked at before they are cast: an expression that has raised an error once takes longer for the rest of the
 * transaction. The path is false if all are numbers and in range, NULL if one is text. Members that are -1 and mean no value
 * are taken out, then it is looked at once more.
 */
function ifNumbersAreUsual(direct: readonly Known[], work: string): string {
  const isDirectOne = (wanted: string) => direct.some(({ column: { name } }) => name === wanted)
  const parts = [
    ...direct.flatMap(({ column }) => unusualNumber(column)),
    ...ORDERS.filter((order) => order.every(isDirectOne)).map(([least, most]) => `$.${least} > $.${most}`),
  ]
  if (parts.length === 0) return work
  const usual = `not jsonb_path_match(source, '${parts.join(' || ')}')`
  const removals = direct
    .filter((known) => known.column.minusOneIsNone && !hasOther(known))
    .map(({ column: { name } }) => `      if source @> '{"${name}": -1}' then source := source - '${name}'; end if;\n`)
  if (removals.length === 0) return `    if ${usual} then${work}    end if;`
  return `    loop
      if ${usual} then${work}        exit;
      end if;
      before := source;
${removals.join('')}      exit when source is not distinct from before;
    end loop;`
}

/** As parts of a JSON path: a value beyond the range, of which text is not known. */
function unusualNumber({ name, kind, range }: ObscoreColumn): string[] {
  if (kind !== 'integer' && kind !== 'double') return []
  const [lowest = 0, highest = null] = range ?? []
  const above = highest === null ? [] : [`$.${name} ${name === 's_ra' ? '>=' : '>'} ${highest}`]
  return [`$.${name} < ${lowest}`, ...above]
}

/** Columns of which the first must not be above the second. */
const ORDERS = [
  ['t_min', 't_max'],
  ['em_min', 'em_max'],
] as const

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

/** Whether there may be a value that does not stand in the document. */
function hasOther({ entry: { template, default: usual } }: Known): boolean {
  return template !== null || usual !== null
}

/** Whether all that its number can be is looked at in the document. */
function isSeen(known: Known): boolean {
  return isDirect(known) && !hasOther(known)
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
      flat := replace(substr(r.s_region, ${start.length + 1}), ' ', ',');
      outline := flat::path;
      corners := box(polygon(outline));
      if replace(outline::text, '),(', ',') = '((' || flat || '))'
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

/** Sets `is_clean`. What few documents have is looked at by itself. */
function checkStatements(columns: readonly Known[], alsoCheck: readonly string[]): string {
  const isRare = ({ column: { kind, inEveryTable } }: Known) => !inEveryTable && (kind === 'url' || kind === 'date')
  const ifThere = (known: readonly Known[]) => {
    const own = known.flatMap(ownChecks)
    return own.length === 0 ? [] : [`(${own.join('\n      and ')}) is not false`]
  }
  const rare = columns.filter((known) => isRare(known) && ownChecks(known).length > 0)
  const usual = columns.filter((known) => !isRare(known))
  const checks = [...alsoCheck, ...sharedChecks(columns), ...ifThere(usual)]
  const whole = `      is_clean := ${checks.join('\n      and ')};\n`
  if (rare.length === 0) return whole
  const isThere = rare.map((known) =>
    known.entry.path === null || isDirect(known)
      ? `r.${known.column.name} is not null`
      : `${memberSql(known.entry.path)} is not null`,
  )
  return `${whole}      if ${isThere.join(' or ')} then
        is_clean := ${['is_clean', ...ifThere(rare)].join(' and ')};
      end if;
`
}

/** Checks of all columns at once. */
function sharedChecks(columns: readonly Known[]): string[] {
  const valuesOf = (wanted: (known: Known) => boolean) => columns.filter(wanted).map(({ column }) => `r.${column.name}`)
  const mandatory = valuesOf(({ column }) => column.mandatory)
  const texts = valuesOf((known) => known.column.kind === 'text' && isForeign(known))
  const others = columns.filter((known) => !isSeen(known))
  const othersOf = (wanted: ObscoreColumn['kind']) =>
    others.flatMap(({ column: { name, kind, range } }) => (kind === wanted && range?.[0] === 0 ? [`r.${name}`] : []))
  const isOther = (wanted: string) => others.some(({ column: { name } }) => name === wanted)
  return [
    ...mandatory.map((value) => `${value} is not null`),
    ...(texts.length === 0
      ? []
      : [`array_to_string(array['', ${texts.join(', ')}, ''], ${textSql(SEPARATOR)}) !~ ${UNUSUAL_TEXT}`]),
    ...[othersOf('integer'), othersOf('double')].flatMap((values) =>
      values.length === 0 ? [] : [`(least(${values.join(', ')}) >= 0) is not false`],
    ),
    ...ORDERS.flatMap(([least, most]) =>
      isOther(least) || isOther(most) ? [`(r.${least} <= r.${most}) is not false`] : [],
    ),
    '(r.s_ra is null) = (r.s_dec is null)',
  ]
}

/** Whether its text is not ours alone. */
function isForeign({ entry: { path, map, template } }: Known): boolean {
  return (path !== null && map === null) || template !== null
}

/** Among texts with separators around them: one that is blank, has blanks around it, or may be a list or an object. */
const UNUSUAL_TEXT = textSql(`${SEPARATOR}[${WHITE_SPACE_CLASS}[{${SEPARATOR}]|[${WHITE_SPACE_CLASS}]${SEPARATOR}`)

/** As most are written: what is beyond that is looked at with care. */
const USUAL_URL = textSql(`^https?://[0-9A-Za-z.-]+(:[0-9]+)?(/[^${WHITE_SPACE_CLASS}]*)?$`)

const CANONICAL_STATES = `'^/${POLARISATION_STATES.map((state) => `(${state}/)?`).join('')}$'`

/** Neighbours in the list are most of what there is, and found in less time. */
function isCanonical(states: string): string {
  const all = textSql(`/${POLARISATION_STATES.join('/')}/`)
  return `${states} like '/_%/' and (strpos(${all}, ${states}) > 0 or ${states} ~ ${CANONICAL_STATES})`
}

/** What must not be false of one column; it may be NULL. */
function ownChecks(known: Known): string[] {
  const { column, entry } = known
  const value = `r.${column.name}`
  if (entry === ABSENT) return []
  switch (column.kind) {
    case 'product-type':
      return [...sourceChecks(known), `${value} in (${PRODUCT_TYPES.map(textSql).join(', ')})`]
    case 'polarisation':
      return [...sourceChecks(known), `(${isCanonical(value)})`]
    case 'url':
      return [...sourceChecks(known), `${value} ~ ${USUAL_URL}`]
    case 'date':
      return isDirect(known) ? [`${memberTextSql(entry.path ?? [])} ~ ${DATE_TEXT}`] : sourceChecks(known)
    case 'integer':
    case 'double':
      return isSeen(known) ? [] : [...sourceChecks(known), ...rangeChecks(column)]
    default:
      return sourceChecks(known)
  }
}

/** What is not zero or more is asked of all numbers at once. */
function rangeChecks({ name, range }: ObscoreColumn): string[] {
  const [lowest = 0, highest = null] = range ?? []
  const value = `r.${name}`
  if (lowest !== 0) return [`abs(${value}) <= ${highest}`]
  return highest === null ? [] : [`${value} ${name === 's_ra' ? '<' : '<='} ${highest}`]
}

/** Whether what stands in the document was understood. */
function sourceChecks({ column: { name }, entry: { path, map, from } }: Known): string[] {
  if (path === null) return []
  const member = `(${memberSql(path)})`
  if (map !== null)
    return [`(${member} is null or ${memberTextSql(path)} in (${[...map.keys()].map(textSql).join(', ')}))`]
  if (from === 'byte') return [`${member}::numeric >= 0`]
  if (from === null || FACTORS[from] !== undefined) return []
  return [`(${member} is null or r.${name} is not null)`]
}
