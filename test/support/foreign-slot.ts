import { addConstraints, createTables } from '../../shared/tap-schema/ddl.ts'
import { PLAIN } from '../../shared/tap-schema/options.ts'

/**
 * A live TAP_SCHEMA as a server of CADC's kind makes and keeps it: five tables under names that end in `11`, no views,
 * nothing that says a version, tables of the server's own, and everybody may read. It describes `survey.object` of
 * `sampleSchema`, but for two texts.
 */
export const CADC_SLOT = `
create schema tap_schema;
${createTables('tap_schema', { ...PLAIN, postfix: '11' })}
${addConstraints('tap_schema', { ...PLAIN, postfix: '11' })}
create table tap_schema.model_version (model varchar(16) primary key, version varchar(16) not null);
create table tap_schema.settings (number serial, name varchar(64) primary key, value varchar(256) not null);
insert into tap_schema.model_version values ('TAP_SCHEMA', '1.2');
insert into tap_schema.schemas11 values ('survey', null, 'a survey', 1);
insert into tap_schema.tables11 values ('survey', 'survey.object', 'table', null, 'objects', 0);
insert into tap_schema.columns11 (table_name, column_name, datatype, unit, ucd, principal, indexed, std) values
  ('survey.object', 'object_id', 'long', null, null, 0, 0, 0),
  ('survey.object', 'ra', 'double', 'deg', 'pos.eq.ra', 0, 0, 0),
  ('survey.object', 'dec', 'double', 'deg', 'pos.eq.dec', 0, 0, 0);
grant usage on schema tap_schema to public;
grant select on all tables in schema tap_schema to public`
