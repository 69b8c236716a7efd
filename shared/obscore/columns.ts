/** How the value of a column is read (and checked), and what PostgreSQL keeps it as. */
export type ColumnKind = 'text' | 'product-type' | 'url' | 'polarisation' | 'region' | 'date' | 'integer' | 'double'

export interface ObscoreColumn {
  readonly name: string
  readonly kind: ColumnKind
  /** Of `integer`: bigint unless the model says integer. */
  readonly sqlType: 'text' | 'timestamp' | 'integer' | 'bigint' | 'double precision'
  readonly unit: string | null
  /** Without a value in it there is no row. */
  readonly mandatory: boolean
  /** Of numbers: the smallest and the largest that is allowed. */
  readonly range: readonly [least: number, most: number | null] | null
  /** Whether -1 stands for no value. */
  readonly minusOneIsNone: boolean
  /** Whether the model has the column in every table (ObsCore 1.1 table 5). */
  readonly inEveryTable: boolean
}

const SQL_TYPES: Readonly<Record<ColumnKind, ObscoreColumn['sqlType']>> = {
  ...{ text: 'text', 'product-type': 'text', url: 'text', polarisation: 'text', region: 'text' },
  ...{ date: 'timestamp', integer: 'bigint', double: 'double precision' },
}

/**
 * The columns of `ivoa.ObsCore` in their order: the 30 that every ObsCore table has, and some optional ones (ObsCore 1.1
 * appendix C). The Felis file `ivoa.yaml` describes the same to clients.
 */
export const OBSCORE_COLUMNS: readonly ObscoreColumn[] = [
  column('dataproduct_type', 'product-type'),
  column('calib_level', 'integer', { sqlType: 'integer', mandatory: true, range: [0, 4] }),
  column('obs_collection', 'text', { mandatory: true }),
  column('obs_id', 'text', { mandatory: true }),
  column('obs_publisher_did', 'text', { mandatory: true }),
  column('access_url', 'url'),
  column('access_format', 'text'),
  column('access_estsize', 'integer', { unit: 'kbyte' }),
  column('target_name', 'text'),
  column('s_ra', 'double', { unit: 'deg', range: [0, 360] }),
  column('s_dec', 'double', { unit: 'deg', range: [-90, 90] }),
  column('s_fov', 'double', { unit: 'deg', range: [0, 360] }),
  column('s_region', 'region'),
  column('s_resolution', 'double', { unit: 'arcsec' }),
  column('s_xel1', 'integer', { minusOneIsNone: true }),
  column('s_xel2', 'integer', { minusOneIsNone: true }),
  column('t_min', 'double', { unit: 'd' }),
  column('t_max', 'double', { unit: 'd' }),
  column('t_exptime', 'double', { unit: 's' }),
  column('t_resolution', 'double', { unit: 's' }),
  column('t_xel', 'integer', { minusOneIsNone: true }),
  column('em_min', 'double', { unit: 'm' }),
  column('em_max', 'double', { unit: 'm' }),
  column('em_res_power', 'double'),
  column('em_xel', 'integer', { minusOneIsNone: true }),
  column('o_ucd', 'text'),
  column('pol_states', 'polarisation'),
  column('pol_xel', 'integer', { minusOneIsNone: true }),
  column('facility_name', 'text'),
  column('instrument_name', 'text'),
  column('dataproduct_subtype', 'text', { inEveryTable: false }),
  column('obs_title', 'text', { inEveryTable: false }),
  column('obs_creator_did', 'text', { inEveryTable: false }),
  column('obs_creator_name', 'text', { inEveryTable: false }),
  column('obs_release_date', 'date', { inEveryTable: false }),
  column('target_class', 'text', { inEveryTable: false }),
  column('s_pixel_scale', 'double', { unit: 'arcsec', inEveryTable: false }),
  column('em_ucd', 'text', { inEveryTable: false }),
  column('proposal_id', 'text', { inEveryTable: false }),
  column('preview', 'url', { inEveryTable: false }),
]

const BY_NAME: ReadonlyMap<string, ObscoreColumn> = new Map(OBSCORE_COLUMNS.map((found) => [found.name, found]))

export function findColumn(name: string): ObscoreColumn | undefined {
  return BY_NAME.get(name)
}

function column(
  name: string,
  kind: ColumnKind,
  { unit = null, ...given }: Partial<Omit<ObscoreColumn, 'name' | 'kind'>> = {},
): ObscoreColumn {
  const isNumber = kind === 'integer' || kind === 'double'
  const sqlType = SQL_TYPES[kind]
  const usual = { sqlType, mandatory: false, minusOneIsNone: false, inEveryTable: true }
  return { ...usual, range: isNumber ? [0, null] : null, ...given, name, kind, unit }
}

/** Terms of the data model (ObsCore 1.1 §3.3.1). */
export const PRODUCT_TYPES: readonly string[] = [
  ...['image', 'cube', 'spectrum', 'sed', 'timeseries', 'visibility', 'event', 'measurements'],
]

/** In the order in which they are written (ObsCore 1.1 §B.6.6). */
export const POLARISATION_STATES: readonly string[] = [
  ...['I', 'Q', 'U', 'V', 'RR', 'LL', 'RL', 'LR', 'XX', 'YY', 'XY', 'YX', 'POLI', 'POLA'],
]
