import { COUNT, list, mapping, nullable, openObject, ref, TEXT, TIME } from '../../shared/platform/http/json-schema.ts'
import type { JsonSchema } from '../../shared/platform/http/route.ts'

const URL_TEXT = { type: 'string', format: 'uri' } as const
const FLAG = { type: 'boolean' } as const

/** Members that equal their default are absent: every one of them may be. */
function sparse(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return openObject(properties, Object.keys(properties))
}

/** A member of `services`; all but `url` may be absent. */
function service(further: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const optional = { title: TEXT, docs_url: URL_TEXT, required_scopes: list(TEXT), ...further }
  return openObject({ url: URL_TEXT, ...optional }, Object.keys(optional))
}

const VERSIONS = mapping(openObject({ url: URL_TEXT }))

const INFLUXDB = { url: URL_TEXT, database: TEXT, schema_registry: URL_TEXT, local: FLAG, description: TEXT }

const METADATA = openObject({ name: TEXT, version: TEXT, description: TEXT })

const TUTORIAL = { name: TEXT, path: TEXT, title: TEXT }

/** The schemas of all answers, by name. Members may be added in time; the tests hold real answers against them. */
export const SCHEMAS = {
  Discovery: sparse({
    applications: list(TEXT),
    datasets: mapping(
      sparse({
        butler_config: URL_TEXT,
        description: TEXT,
        docs_url: URL_TEXT,
        obscore_config: URL_TEXT,
        services: mapping(ref('Service')),
      }),
    ),
    environment: openObject(
      { name: TEXT, label: TEXT, title: TEXT, title_long: TEXT, description: TEXT, docs_url: URL_TEXT },
      ['description'],
    ),
    environment_name: TEXT,
    influxdb_databases: mapping(openObject({ ...INFLUXDB, credentials_url: URL_TEXT }, ['local', 'description'])),
    services: sparse({ internal: mapping(ref('Service')), ui: mapping(service({})) }),
    tap_schemas: mapping(ref('TapSchema')),
  }),
  Service: service({
    openapi: URL_TEXT,
    quota_labels: mapping(openObject({ title: TEXT, internal: FLAG }, ['internal'])),
    versions: VERSIONS,
  }),
  TapSchema: openObject(
    {
      version: TEXT,
      loaded_at: nullable(TIME),
      source: nullable(
        openObject({
          bucket: TEXT,
          object: TEXT,
          generation: { type: 'string', description: 'As a string: it does not fit into a double' },
          sha256: TEXT,
          bytes: COUNT,
        }),
      ),
      schemas: list(TEXT),
      metadata: nullable(openObject({ datalink_snippets: URL_TEXT, datalink_columns: URL_TEXT, schemas: URL_TEXT })),
      browser: { ...URL_TEXT, description: 'Pages that describe the release' },
      stale: { const: true, description: 'The database does not answer; this is what it said last' },
    },
    ['browser', 'stale'],
  ),
  Nublado: sparse({
    datasets: mapping(sparse({ butler_config: URL_TEXT, services: mapping(ref('NubladoService')) })),
    influxdb_databases: mapping(openObject({ ...INFLUXDB, credentials_url: URL_TEXT }, ['description'])),
    services: openObject({ internal: mapping(ref('NubladoService')) }),
  }),
  NubladoService: openObject({ url: URL_TEXT, versions: VERSIONS }, ['versions']),
  Tutorials: openObject({ url: URL_TEXT, items: list(ref('TutorialItem')) }),
  TutorialItem: {
    anyOf: [
      openObject({ type: { const: 'folder' }, ...TUTORIAL, items: list(ref('TutorialItem')) }),
      openObject({ type: { type: 'string', enum: ['notebook', 'page'] }, ...TUTORIAL }),
    ],
  },
  InfluxCredentials: openObject(
    {
      ...INFLUXDB,
      username: TEXT,
      password: TEXT,
      host: TEXT,
      port: { type: 'integer', minimum: 0, maximum: 65_535 },
      path: TEXT,
    },
    ['local', 'description'],
  ),
  InfluxCredentialsByLabel: mapping(ref('InfluxCredentials')),
  Health: openObject({
    status: { const: 'ok' },
    tap_servers: mapping({ type: 'string', enum: ['current', 'stale', 'empty', 'unreachable', 'unknown'] }),
    hips_failing: list(TEXT),
  }),
  Metadata: METADATA,
  PrefixedMetadata: openObject({ metadata: METADATA }),
} as const
