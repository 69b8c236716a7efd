/** Words of MySQL that ADQL leaves free, or that names have in astronomy although ADQL reserves them. */
const RESERVED: ReadonlySet<string> = new Set(
  `accessible add all alter analyze and as asc asensitive before between bigint binary blob both by call cascade case
  change char character check collate column condition constraint continue convert create cross current_date
  current_time current_timestamp current_user cursor database databases day_hour day_microsecond day_minute day_second
  dec decimal declare default delayed delete desc describe deterministic distinct distinctrow div double drop dual each
  else elseif enclosed escaped exists exit explain false fetch float float4 float8 for force foreign from fulltext
  generated get grant group having high_priority hour_microsecond hour_minute hour_second if ignore in index infile inner
  inout insensitive insert int int1 int2 int3 int4 int8 integer intersect interval into io_after_gtids io_before_gtids
  is iterate join key keys kill leading leave left like limit linear lines load localtime localtimestamp lock long
  longblob longtext loop low_priority master_bind match maxvalue mediumblob mediumint mediumtext middleint
  minute_microsecond minute_second mod modifies natural no_write_to_binlog not null numeric on optimize optimizer_costs
  option optionally or order out outer outfile over partition precision primary procedure purge range read reads
  read_write real recursive references regexp release rename repeat replace require resignal restrict return revoke right
  rlike row rows schema schemas second_microsecond select sensitive separator set show signal smallint spatial specific
  sql sqlexception sqlstate sqlwarning sql_big_result sql_calc_found_rows sql_small_result ssl starting stored
  straight_join table terminated then tinyblob tinyint tinytext to trailing trigger true undo union unique unlock unsigned
  update usage use using utc_date utc_time utc_timestamp values varbinary varchar varcharacter varying virtual when where
  while window with write xor year_month zerofill`.split(/\s+/),
)

/** A name, in back-ticks where MySQL needs them. */
export function nameSql(name: string): string {
  const plain = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !RESERVED.has(name.toLowerCase())
  return plain ? name : `\`${name.replaceAll('`', '``')}\``
}

/** A text literal: the backslash escapes in MySQL. */
export function textSql(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}
