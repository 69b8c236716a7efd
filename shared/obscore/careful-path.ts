import { textSql } from '../adql/postgresql/names.ts'
import { OBSCORE_COLUMNS, type ObscoreColumn, POLARISATION_STATES, PRODUCT_TYPES } from './columns.ts'
import { jsonSql, memberSql, textArray } from './literal.ts'
import type { ColumnMapping, Conversion, ObscoreMapping } from './mapping.ts'
import { templateSql } from './template-sql.ts'

/**
 * The function that decides what becomes of any document, column by column, with the reasons. It takes ten times as long as
 * the fast path, which is only taken where it is sure to give the same.
 *
 * @param s the schema of the build, quoted
 */
export function carefulFunction(mapping: ObscoreMapping, s: string): string {
  return `
create function ${s}.careful(key_scope text, key_name text, doc jsonb) returns ${s}.outcome language plpgsql immutable
set extra_float_digits = 1 as $f$
declare
  r ${s}.fields;
  bounds box;
  c ${s}.cell;
  g ${s}.shape;
  wrong jsonb := '[]';
  is_lacking boolean := false;
begin
  if jsonb_typeof(doc) is distinct from 'object' then
    return row(null, null, '[{"column": null, "code": "not_an_object"}]', false)::${s}.outcome;
  end if;
  doc := doc || '{}';
${OBSCORE_COLUMNS.map((column) => columnBlock(column, mapping, s)).join('')}
${positionRule}${orderRule('t_min', 't_max')}${orderRule('em_min', 'em_max')}
  if wrong = '[]' then
    wrong := null;
  else
    wrong := (select jsonb_agg(e order by e ->> 'column' collate "C") from jsonb_array_elements(wrong) as e);
  end if;
  return row(r, bounds, wrong, not is_lacking${mapping.strict ? ' and wrong is null' : ''})::${s}.outcome;
end $f$;
`
}

function columnBlock(column: ObscoreColumn, mapping: ObscoreMapping, s: string): string {
  const { name, mandatory } = column
  const entry = mapping.columns.get(name)
  const lacking = mandatory ? ' is_lacking := true;' : ''
  const note = (code: string) =>
    `wrong := wrong || jsonb_build_object('column', ${textSql(name)}, 'code', ${code});${lacking}`
  if (entry === undefined) return mandatory ? `  ${note("'missing'")}\n` : ''
  const noValue = 'if c.value is null and c.code is null then'
  const missing = mandatory ? `\n  elsif c.value is null then\n    ${note("'missing'")}` : ''
  return `
  -- ${name}
  c := row(${entry.path === null ? 'null' : `${s}.member(${memberSql(entry.path)})`}, null)::${s}.cell;
${[...conversionSteps(entry, s)].map((step) => `  if c.value is not null then c := ${step}; end if;\n`).join('')}${
  entry.template === null
    ? ''
    : `  ${noValue} c.value := ${s}.member(to_jsonb(${templateSql(entry.template, s)})); end if;\n`
}${entry.default === null ? '' : `  ${noValue} c.value := ${jsonSql(entry.default)}; end if;\n`}${typeStep(column, mapping, s)}
  if c.code is not null then
    ${note('c.code')}${missing}
  elsif c.value is not null then
    ${assignment(column, s)}
  end if;
`
}

function conversionSteps({ map, from }: ColumnMapping, s: string): string[] {
  const steps = map === null ? [] : [`${s}.mapped(c.value, ${jsonSql(Object.fromEntries(map))})`]
  return from === null ? steps : [...steps, conversion(from, s)]
}

/** What a number is multiplied with. */
export const FACTORS: Readonly<Partial<Record<Conversion, string>>> = {
  nm: '1e-9',
  um: '1e-6',
  Angstrom: '1e-10',
  arcmin: '60',
  'deg-to-arcsec': '3600',
  min: '60',
  h: '3600',
}

function conversion(from: Conversion, s: string): string {
  switch (from) {
    case 'iso8601':
      return `${s}.mjd(c.value)`
    case 'sexagesimal-hours':
      return `${s}.angle(c.value, 15)`
    case 'sexagesimal-degrees':
      return `${s}.angle(c.value, 1)`
    case 'Hz':
      return `${s}.wavelength(c.value)`
    case 'byte':
      return `${s}.kilobytes(c.value)`
    default:
      return `${s}.times(c.value, ${FACTORS[from] ?? '1'})`
  }
}

function typeStep(column: ObscoreColumn, mapping: ObscoreMapping, s: string): string {
  if (column.kind !== 'region') {
    const turn = column.name === 's_ra' ? `  if c.value = '360' then c.value := '0'; end if;\n` : ''
    return `  if c.value is not null then c := ${typeCall(column, s)}; end if;\n${turn}`
  }
  const circles =
    mapping.regionFormat === 'dali'
      ? "  if cardinality(g.numbers) = 3 then c.code := 'unsupported_region'; end if;\n"
      : ''
  return `  if c.value is not null then
    g := ${s}.region(c.value);
    c.code := g.code;
  ${circles}  end if;
`
}

const MOST_BIGINT = '9223372036854775807'

function typeCall({ kind, range, minusOneIsNone }: ObscoreColumn, s: string): string {
  const [least = 0, most = null] = range ?? []
  switch (kind) {
    case 'product-type':
      return `${s}.one_of(c.value, ${textArray(PRODUCT_TYPES)})`
    case 'url':
      return `${s}.url(c.value)`
    case 'polarisation':
      return `${s}.polarisation(c.value, ${textArray(POLARISATION_STATES)})`
    case 'date':
      return `${s}.date(c.value)`
    case 'integer':
      return `${s}.whole(c.value, ${least}, ${most ?? MOST_BIGINT}, ${minusOneIsNone})`
    case 'double':
      return `${s}.real(c.value, ${least}, ${most ?? "'Infinity'"})`
    default:
      return `${s}.words(c.value)`
  }
}

function assignment({ name, kind, sqlType }: ObscoreColumn, s: string): string {
  if (kind === 'region') return `r.${name} := ${s}.region_text(g.numbers);\n    bounds := g.bounds;`
  if (kind === 'integer' || kind === 'double') return `r.${name} := c.value::${sqlType};`
  return `r.${name} := (c.value #>> '{}')::${sqlType};`
}

/** A coordinate alone is none. Where the other one was wrong, that is reason enough. */
const positionRule = `
  if r.s_ra is null and r.s_dec is not null or r.s_dec is null and r.s_ra is not null then
    if not wrong @> '[{"column": "s_ra"}]' and not wrong @> '[{"column": "s_dec"}]' then
      wrong := wrong || jsonb_build_object('column', case when r.s_ra is null then 's_dec' else 's_ra' end,
                                           'code', 'half_a_position');
    end if;
    r.s_ra := null;
    r.s_dec := null;
  end if;
`

function orderRule(least: string, most: string): string {
  return `
  if r.${least} > r.${most} then
    wrong := wrong || '[{"column": "${least}", "code": "wrong_order"}, {"column": "${most}", "code": "wrong_order"}]';
    r.${least} := null;
    r.${most} := null;
  end if;
`
}
