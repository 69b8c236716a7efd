import type { Problem } from '../problem.ts'
import type { Check } from './context.ts'

/** What a problem's code stands for. */
export interface CodeMeaning {
  /** As `almagest validate` reports it; what only the tables of TAP_SCHEMA refuse is an error for the loader. */
  readonly severity: Problem['severity']
  /** The check that must be asked for; none: always. */
  readonly check?: Check
  readonly meaning: string
}

function error(meaning: string, check?: Check): CodeMeaning {
  return check === undefined ? { severity: 'error', meaning } : { severity: 'error', check, meaning }
}

function warning(meaning: string): CodeMeaning {
  return { severity: 'warning', meaning }
}

/** Every code of a problem in a Felis file, by what is looked at: file, YAML, fields, objects, schema, rows, set. */
export const CODES: Readonly<Record<string, CodeMeaning>> = {
  file_missing: error('The file does not exist.'),
  file_unreadable: error('The file, or what a path leads to, cannot be read.'),
  file_too_large: error('The file is larger than a file of a release may be.'),
  not_utf8: error('The file is not UTF-8 text.'),
  yaml_syntax: error('The text is not YAML.'),
  yaml_empty: error('The file is empty.'),
  yaml_size: error('The text, or all files of the release together, are larger than any schema.'),
  yaml_character: error('A character that YAML does not allow.'),
  yaml_depth: error('Lists or mappings are nested too deeply.'),
  yaml_documents: error('The file holds more than one YAML document.'),
  yaml_directive: error('A YAML directive (`%…`) that cannot be used.'),
  yaml_tag: error('A YAML tag (`!…`) that does not stand for plain data.'),
  yaml_value: error('A value that does not fit its YAML tag.'),
  yaml_key: error('A key that is a list or a mapping.'),
  yaml_anchor: error('An anchor (`&…`) that cannot be used.'),
  yaml_alias: error('An alias (`*…`) of nothing, or too many of them.'),
  yaml_merge: error('`<<` merges something that is not a mapping.'),
  yaml_comment: warning('No value, and a comment that looks like an id: `- #t.c` needs quotes.'),
  yaml_duplicate_key: warning('A duplicate key; the last value is used.'),
  too_large: error('Aliases make the file stand for too many things.'),
  too_many_problems: error('There are more problems than are shown.'),
  missing: error('A required field is missing.'),
  extra_forbidden: error('A key that is not a field, or a second name of a field that is there.'),
  invalid_key: error('A key that is not text.'),
  model_type: error('Something else where a mapping is expected.'),
  model_attributes_type: error('Something else where a constraint is expected.'),
  dict_type: error('Something else where a mapping of names is expected.'),
  list_type: error('Something else where a list is expected.'),
  too_short: error('A list that must not be empty.'),
  string_type: error('Something else where text is expected.'),
  string_unicode: error('Text that holds half of a surrogate pair.'),
  bool_type: error('Something else where true or false is expected.'),
  int_type: error('Something else where an integer is expected.'),
  float_type: error('Something else where a number is expected.'),
  int_parsing: error('Text that is not an integer where one is expected.'),
  int_parsing_size: error('A decimal number that is too large for an integer.'),
  int_from_float: error('A number with decimals where an integer is expected.'),
  finite_number: error('Infinity or NaN where an integer is expected.'),
  greater_than: error('A number that is too small.'),
  greater_than_equal: error('A number that is too small.'),
  less_than_equal: error('A number that is too large.'),
  literal_error: error('A word other than those allowed.'),
  value_type: error('A default value that is a list, a mapping or a date.'),
  union_tag_not_found: error('A constraint without `@type`.'),
  union_tag_invalid: error('A constraint of an unknown `@type`.'),
  description_missing: error('There is no description.', 'description'),
  default_value: error('A default value that does not fit the datatype, or one beside autoincrement.'),
  length_missing: error('A column of a sized datatype without length.'),
  length_unused: warning('A length where the datatype has none.'),
  arraysize_not_text: warning('`votable:arraysize` is an integer; it should be text.'),
  precision_not_timestamp: error('Precision on something else than a timestamp.'),
  two_units: error('Both `fits:tunit` and `ivoa:unit`.'),
  unit: error('A unit that cannot be understood.'),
  ucd: error('A UCD that does not follow UCD1+ 1.6.'),
  datatype_override: error('A dialect datatype that cannot be used, or is redundant.', 'redundant-datatypes'),
  override_null: error('An override with null of something that cannot be null.'),
  initially_not_deferrable: error('`initially` on a constraint that is not deferrable.'),
  key_lengths_differ: error('A foreign key whose two lists of columns differ in length.'),
  index_definition: error('An index with both columns and expressions, or with neither.'),
  group_columns_not_unique: error('A column group that holds a column twice.'),
  group_column_unknown: error('A column group that names a column which the table does not have itself.'),
  names_not_unique: error('Two tables of a schema, or two columns of a table, with one name.'),
  table_index_missing: error('A table without `tap:table_index`.', 'tap-table-indexes'),
  table_index_repeated: error('Two tables with one `tap:table_index`.', 'tap-table-indexes'),
  principal_missing: error('A table without a principal column of its own.', 'tap-principal'),
  resource_not_found: error('A resource that is not a file beside the schema.'),
  resource_outside_release: error('A resource outside the folder of the schemas.'),
  resource_cycle: error('A resource that uses itself.'),
  resource_chain: error('Too long a chain of resources of resources.'),
  resource_invalid: error('A resource with errors of its own.'),
  reference_not_found: error('`columnRefs` names a resource, table or column that does not exist.'),
  constraint_names_repeated: error('Two constraints of a schema with one name.'),
  index_names_repeated: error('Two indexes of a schema with one name.'),
  ids_repeated: error('Two things with one `@id`.'),
  column_not_found: error('A constraint names an `@id` that does not exist.'),
  not_a_column: error('A constraint names the `@id` of something that is not a column.'),
  column_not_in_table: error('A constraint names a column of another table.'),
  arraysize_stale: warning('The arraysize of a referenced column does not follow an override of datatype or length.'),
  primary_key_dangling: warning('`primaryKey` names an `@id` that is not that of a column.'),
  index_dangling: warning('An index names an `@id` that is not that of a column.'),
  column_index_repeated: warning('Two columns of a table with one `tap:column_index`.'),
  votable_datatype_ignored: warning('`votable:datatype` has no effect.'),
  arraysize_shape: warning('An arraysize that is not a VOTable shape: clients refuse the results.'),
  name_dot: warning('A dot in the name of a schema, table or column: servers split names at the dots.'),
  name_needs_quotes: warning('A name that each query must write in double quotes.'),
  name_reserved: warning('A name that is a reserved word of ADQL: each query must write it in double quotes.'),
  names_differ_in_case: warning(
    'Two names that differ in upper and lower case only: queries without quotes are ambiguous.',
  ),
  name_empty: warning('An empty name.'),
  key_to_several_tables: warning(
    'A foreign key that refers to columns of several tables: TAP_SCHEMA has one target for a key.',
  ),
  empty: warning('A schema without tables, or a table without columns: TAP_SCHEMA cannot show it.'),
  row_null: warning('TAP_SCHEMA must have a value here.'),
  row_integer_too_large: warning('TAP_SCHEMA cannot hold an integer of this size.'),
  row_text_too_long: warning('TAP_SCHEMA cannot hold a text of this length.'),
  row_null_character: warning('TAP_SCHEMA cannot hold a NUL character.'),
  row_text_broken: warning('TAP_SCHEMA cannot hold half of a surrogate pair.'),
  schemas_repeated: warning('Two schemas with one name, or one that is called tap_schema.'),
  tables_repeated: warning('Two tables with one name in TAP_SCHEMA.'),
  columns_repeated: warning('Two columns with one name in TAP_SCHEMA.'),
  keys_repeated: warning('Two foreign keys with one `key_id`.'),
}

export function describeCode(code: string): CodeMeaning {
  return CODES[code] ?? error('Something else.')
}
