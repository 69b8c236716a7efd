import { quote } from '../tap-schema/slots.ts'
import { carefulFunction } from './careful-path.ts'
import { OBSCORE_COLUMNS } from './columns.ts'
import { fastPath } from './fast-path.ts'
import { jsonSql, memberSql } from './literal.ts'
import type { ObscoreMapping, ObscoreSource } from './mapping.ts'
import { regionFunctions } from './region-functions.ts'
import { readsKey } from './template-sql.ts'
import { valueFunctions } from './value-functions.ts'

/** Where a trigger writes: the live pair of tables, or the pair that a rebuild fills. */
export interface TablePair {
  readonly records: string
  readonly rejects: string
}

export const LIVE_TABLES: TablePair = { records: 'obscore', rejects: 'obscore_reject' }
export const NEXT_TABLES: TablePair = { records: 'obscore_next', rejects: 'obscore_reject_next' }

/** The schema with the functions that were made of one mapping; each mapping, and each version of the SQL, has its own. */
export function buildSchemaOf(identity: string): string {
  return `almagest_obscore_${identity.slice(0, 12)}`
}

/** Every type and function that a mapping comes to, in a schema of its own that is there already. */
export function buildFunctions(mapping: ObscoreMapping, schema: string): string {
  const s = quote(schema)
  const columns = OBSCORE_COLUMNS.map(({ name, sqlType }) => `${name} ${sqlType}`)
  return [
    valueFunctions(s),
    regionFunctions(s, mapping.regionFormat),
    `
create type ${s}.fields as (
  ${columns.join(',\n  ')}
);
create type ${s}.outcome as (fields ${s}.fields, bounds box, reasons jsonb, kept boolean);
create type ${s}.converted as (
  ${columns.join(',\n  ')},
  s_region_geo box, reasons jsonb, kept boolean
);`,
    carefulFunction(mapping, s),
    convertFunction(mapping, s),
    triggerFunction(mapping, s, 'sync', LIVE_TABLES),
    triggerFunction(mapping, s, 'sync_next', NEXT_TABLES),
    clearFunction(s, 'clear', LIVE_TABLES),
    clearFunction(s, 'clear_next', NEXT_TABLES),
    `revoke all on all functions in schema ${s} from public;`,
  ].join('\n')
}

const SEARCH_PATH = 'set search_path = pg_catalog, pg_temp'

const VARIABLES = (s: string) => `
  r ${s}.fields;
  g ${s}.shape;
  o ${s}.outcome;
  source jsonb;
  before jsonb;
  bounds box;
  flat text;
  outline path;
  corners box;
  numbers double precision[];
  is_clean boolean;
  is_out boolean;
  reasons jsonb;`

/** Names of what a function decides about: the key (SQL of its two texts), and what else must hold for the fast path. */
interface Decided {
  readonly scope: string
  readonly name: string
  readonly alsoCheck: readonly string[]
  /** Statements after the fast path, and before the careful one. */
  readonly afterFastPath: string
  readonly beforeCare: string
}

const OF_PARAMETERS: Decided = {
  ...{ scope: 'key_scope', name: 'key_name', alsoCheck: [], afterFastPath: '', beforeCare: '' },
}

/** Sets `r`, `bounds`, `is_out` (true: no row) and `reasons`: what becomes of the document `doc` under its key. */
function decide(mapping: ObscoreMapping, s: string, decided: Decided): string {
  const { scope, name, alsoCheck, afterFastPath, beforeCare } = decided
  const careful = `
  if is_clean is not true then${beforeCare}
    begin
      o := ${s}.careful(${scope}, ${name}, doc);
      r := o.fields;
      bounds := o.bounds;
      is_out := not o.kept;
      reasons := o.reasons;
    exception when others then
      is_out := true;
      reasons := jsonb_build_array(jsonb_build_object('column', null, 'code', 'failed', 'detail', sqlerrm));
    end;
  end if;
`
  const whole = fastPath(mapping, s, alsoCheck) + afterFastPath + careful
  if (mapping.when === null) return whole
  const { path, in: values } = mapping.when
  const isPublished = `coalesce((${memberSql(path)}) in (${values.map(jsonSql).join(', ')}), false)`
  return `
  if not ${isPublished} then
    is_out := true;
  else
${whole}
  end if;
`
}

/**
 * What becomes of a document, as one flat row; `kept` false without reasons: it is not published. It has no search path of
 * its own: sessions that call it have ours.
 */
function convertFunction(mapping: ObscoreMapping, s: string): string {
  return `
create function ${s}.convert(key_scope text, key_name text, doc jsonb) returns ${s}.converted
language plpgsql immutable as $f$
declare${VARIABLES(s)}
begin
${decide(mapping, s, OF_PARAMETERS)}
  return row(${RECORD_VALUES.join(', ')}, reasons, is_out is not true)::${s}.converted;
end $f$;
`
}

/** Of a record that was made: `r` with its `bounds`, in the order of the columns. */
const RECORD_VALUES: readonly string[] = [...OBSCORE_COLUMNS.map(({ name }) => `r.${name}`), 'bounds']

export const KEY_COLUMNS = ['rucio_did_scope', 'rucio_did_name'] as const

/** The columns of a record beside its key, as the table has them. */
export const VALUE_COLUMNS: readonly string[] = [...OBSCORE_COLUMNS.map(({ name }) => name), 's_region_geo']

/**
 * The trigger: it never raises for what a document holds. The work that can fail is done in blocks that write nothing, so
 * that no subtransaction needs a number; what is written cannot fail for what the document holds. Without its tables it does
 * nothing: that they are gone must not keep others from writing.
 *
 * The way of a new and clean document is the shortest one, because each expression on it is set up anew in each transaction.
 */
function triggerFunction(mapping: ObscoreMapping, s: string, name: string, tables: TablePair): string {
  const { source } = mapping
  const [oldScope, oldName] = keySql('old', source)
  const [newScope, newName] = keySql('new', source)
  const records = `ivoa.${tables.records}`
  const rejects = `ivoa.${tables.rejects}`
  const insert = `insert into ${records} as old_row (${[...KEY_COLUMNS, ...VALUE_COLUMNS].join(', ')})
      values (${[newScope, newName, ...RECORD_VALUES].join(', ')})
      on conflict (${KEY_COLUMNS.join(', ')})`
  const remove = (scope: string, did: string) => `
      delete from ${records} where rucio_did_scope = ${scope} and rucio_did_name = ${did};
      delete from ${rejects} where scope = ${scope} and name = ${did};`
  const leaveWithoutTables = `
    if to_regclass('${records}') is null or to_regclass('${rejects}') is null then return null; end if;`
  const isSameKey = `${newScope} = ${oldScope} and ${newName} = ${oldName}`
  const [oldDocument, newDocument] = [documentSql('old', source), documentSql('new', source)]
  const isSameDocument = `row(${oldDocument})::record operator(pg_catalog.*=) row(${newDocument})::record`
  const namesKey = [...mapping.columns.values()].some(({ template }) => template !== null && readsKey(template))
  const decided = {
    ...(namesKey ? OF_PARAMETERS : { scope: newScope, name: newName }),
    // Where the table is gone, this cannot be evaluated.
    alsoCheck: [`'${records}'::regclass is not null`],
    afterFastPath: `
  if is_clean and tg_op = 'INSERT' then
    ${insert} do nothing;
    if found then return null; end if;
  end if;`,
    beforeCare: leaveWithoutTables,
  }
  return `
create function ${s}.${name}() returns trigger language plpgsql security definer ${SEARCH_PATH} as $f$
declare${VARIABLES(s)}
  key_scope text;
  key_name text;
  doc jsonb;
begin
  if tg_op <> 'INSERT' then
    if tg_op = 'UPDATE' and ${isSameKey} and ${isSameDocument} then
      return null;
    end if;${leaveWithoutTables}
    if tg_op = 'DELETE' then${remove(oldScope, oldName)}
      return null;
    end if;
    if not (${isSameKey}) then${remove(oldScope, oldName)}
    end if;
  end if;
  doc := ${newDocument};
${namesKey ? `  key_scope := ${newScope};\n  key_name := ${newName};\n` : ''}${decide(mapping, s, decided)}
  if is_out then
    delete from ${records} where rucio_did_scope = ${newScope} and rucio_did_name = ${newName};
  else
    ${insert} do update
      set ${VALUE_COLUMNS.map((column) => `${column} = excluded.${column}`).join(', ')}
      where old_row operator(pg_catalog.*<>) excluded;
  end if;
  if reasons is not null then
    insert into ${rejects} as old_row (scope, name, kept, reasons)
      values (${newScope}, ${newName}, is_out is not true, reasons)
      on conflict (scope, name) do update set kept = excluded.kept, reasons = excluded.reasons, at = excluded.at
      where old_row.kept <> excluded.kept or old_row.reasons <> excluded.reasons;
  elsif tg_op = 'UPDATE' then
    delete from ${rejects} where scope = ${newScope} and name = ${newName};
  end if;
  return null;
end $f$;
`
}

/** After TRUNCATE. Deleting lets readers go on; they see all rows or none. */
function clearFunction(s: string, name: string, tables: TablePair): string {
  return `
create function ${s}.${name}() returns trigger language plpgsql security definer ${SEARCH_PATH} as $f$
begin
  if to_regclass('ivoa.${tables.records}') is null or to_regclass('ivoa.${tables.rejects}') is null then
    return null;
  end if;
  delete from ivoa.${tables.records};
  delete from ivoa.${tables.rejects};
  return null;
end $f$;
`
}

/** Scope and name of a row of the source; a key of one column has no name. */
export function keySql(row: string, { key }: ObscoreSource): readonly [string, string] {
  const [scope = '', name] = key
  return [`${row}.${quote(scope)}::text`, name === undefined ? "''::text" : `${row}.${quote(name)}::text`]
}

export function documentSql(row: string, { document }: ObscoreSource): string {
  return document === null ? `to_jsonb(${row})` : `${row}.${quote(document)}`
}
