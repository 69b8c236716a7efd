import type { ColumnRow, SlotRows } from '../../shared/tap/slot-rows.ts'

export function columnRow(table_name: string, column_name: string, more: Partial<ColumnRow> = {}): ColumnRow {
  return {
    ...{ table_name, column_name, datatype: 'double', arraysize: null, xtype: null, description: null, utype: null },
    ...{ unit: null, ucd: null, indexed: 0, principal: 0, std: 0, size: null, column_index: null },
    ...more,
  }
}

/** Two schemas with what documents have to take care of: quotes, markup, keys of two columns, arrays. */
export const SAMPLE_ROWS: SlotRows = {
  schemas: [
    { schema_name: 'sky', utype: null, description: 'Stars & <galaxies>', schema_index: null },
    { schema_name: 'empty', utype: 'a:b', description: null, schema_index: null },
  ],
  tables: [
    {
      schema_name: 'sky',
      table_name: 'sky.star',
      table_type: 'table',
      utype: 'x:star',
      description: 'Stars',
      table_index: null,
    },
    {
      schema_name: 'sky',
      table_name: 'sky."My & <Field>"',
      table_type: 'view',
      utype: null,
      description: null,
      table_index: null,
    },
  ],
  columns: [
    columnRow('sky.star', 'ra', { unit: 'deg', ucd: 'pos.eq.ra', utype: 'x:ra', indexed: 1, principal: 1, std: 1 }),
    columnRow('sky.star', 'name', { datatype: 'char', arraysize: '32*', description: 'A "name"\nof two lines' }),
    columnRow('sky.star', 'seen', { datatype: 'char', arraysize: '*', xtype: 'timestamp' }),
    columnRow('sky.star', 'cov', { datatype: 'double', arraysize: '3x3' }),
    columnRow('sky."My & <Field>"', '"order"', { datatype: 'long' }),
  ],
  keys: [
    {
      ...{
        key_id: 'k1',
        from_table: 'sky.star',
        target_table: 'sky."My & <Field>"',
        description: 'Lies in',
        utype: 'x:k',
      },
      columns: [
        { from_column: 'ra', target_column: '"order"' },
        { from_column: 'name', target_column: 'x' },
      ],
    },
    { key_id: 'k2', from_table: 'sky.star', target_table: 'sky.star', description: null, utype: null, columns: [] },
  ],
}
