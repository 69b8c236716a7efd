import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dump } from 'js-yaml'
import type { ReleaseNaming } from '../shared/releases/naming.ts'
import { databaseUrl, LOGINS, type Login } from './databases.ts'
import { describeEnvironment } from './describe-environment.ts'
import { METADATA_TABLE } from './metadata.ts'
import { HERON_EXAMPLES, SKY_EXAMPLES } from './sample/examples.ts'
import { HERON, HERON_PLACEMENTS, SKY } from './sample/sample.ts'
import { describeResults } from './sample-results.ts'

/** Where releases lie: `gs://releases/releases/heron-1/schemas.tar.gz`. */
export const NAMING: ReleaseNaming = { bucket: 'releases', template: '{version}/schemas.tar.gz' }

/** Results of asynchronous queries; those of the sweep are samples in a bucket of their own. */
export const QUERY_RESULTS_BUCKET = 'tap-results'

/** Queued jobs. */
export const QUERIES_TOPIC = 'projects/local/topics/queries'

/** A TAP server of the local stack; its database has the same name. */
export interface LocalServer {
  readonly name: string
  /** The release that it takes, and nothing else by itself. */
  readonly version: string
  readonly schemas: readonly string[]
  /** What answers its queries. */
  readonly answeredBy: 'postgresql' | 'qserv'
}

export interface Addresses {
  /** Superuser URL of the PostgreSQL cluster. */
  readonly postgres: string
  readonly storage: string
  /** The stand-in for Qserv. */
  readonly qserv: string
  /** Each function is below its name. */
  readonly front: string
}

/**
 * Writes the environment file of a function, in the format of every deployment.
 *
 * In the cloud each function has a database login of its own, so each has its own file. The operator's is the one that
 * people will look at.
 *
 * @returns its path
 */
export async function writeEnvironment(
  folder: string,
  login: Login,
  servers: readonly LocalServer[],
  addresses: Addresses,
): Promise<string> {
  const described = servers.map((server) => {
    const { name, version, schemas } = server
    const about = {
      databaseUrl: databaseUrl(addresses.postgres, name, login),
      schemas,
      schemaVersion: version,
      readers: [LOGINS.reader],
    }
    return [name, { ...about, service: describeService(server, addresses) }]
  })
  const queried = servers[0] ?? { name: 'tap', version: SKY.version }
  const tap = { url: serviceUrl(addresses.front, queried.name), version: queried.version }
  const document = {
    ...describeEnvironment(addresses.front, tap),
    releases: {
      bucket: NAMING.bucket,
      objectTemplate: NAMING.template,
      publicBase: `${addresses.storage}/${NAMING.bucket}`,
    },
    storage: { apiEndpoint: addresses.storage },
    tap: { servers: Object.fromEntries(described) },
    obscore: { source: { table: METADATA_TABLE } },
    results: describeResults(addresses.postgres),
  }
  const path = join(folder, environmentFile(login))
  await writeFile(path, `${HEADING}\n${dump(document, { lineWidth: -1 })}`)
  return path
}

function describeService({ name, version, answeredBy }: LocalServer, { front, qserv }: Addresses) {
  const examples = EXAMPLES[version]
  // The login of the function may work with jobs; queries of users may not.
  const role = LOGINS.reader
  const keepsTables = answeredBy === 'postgresql'
  return {
    url: serviceUrl(front, name),
    query: answeredBy === 'qserv' ? { type: 'qserv', role, qserv: { url: qserv, tables: HERON_PLACEMENTS } } : { role },
    jobs: { bucket: QUERY_RESULTS_BUCKET, topic: QUERIES_TOPIC, ...(keepsTables ? { quotas: QUOTAS } : {}) },
    ...(keepsTables ? { access: { type: 'gafaelfawr' }, userTables: {} } : {}),
    ...(examples === undefined ? {} : { examples: [...examples] }),
  }
}

/** By the release that a server has. */
const EXAMPLES: Readonly<Record<string, readonly object[]>> = {
  [SKY.version]: SKY_EXAMPLES,
  [HERON.version]: HERON_EXAMPLES,
}

/** Small enough to be reached by trying. */
const QUOTAS = { default: { tables: 20, tableBytes: 64 * 1024 * 1024 } }

/** Where clients reach the TAP service of a server. */
export function serviceUrl(front: string, server: string): string {
  return `${front}/tap/${server}`
}

export function environmentFile(login: Login): string {
  return login === 'operator' ? 'environment.yaml' : `environment.${login}.yaml`
}

const HEADING = `# Written by \`npm start\`, anew at each start: the addresses change.
# docs/configuration.md describes every key; a deployed environment file differs in its addresses only.`
