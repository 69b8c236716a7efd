import { createHash } from 'node:crypto'
import type pg from 'pg'
import type { Environment } from '../../environment/environment.ts'
import { requireRegistry } from '../../environment/require.ts'
import type { Problem } from '../../problem.ts'
import { buildRecords } from '../build-records.ts'
import type { LiveTap } from '../context.ts'
import type { ReadLive } from '../read-live.ts'
import { isSameLive, type LiveIdentities, type RegistryState, readState } from './state.ts'
import { type RecordChanges, storeRecords } from './store-records.ts'
import { withRecords } from './transaction.ts'

/** What the records are made of, and where they are kept. */
export interface RegistrySources {
  readonly environment: Environment
  /** `hashEnvironment` of it. */
  readonly environmentHash: string
  /** Records as XML, by their names in the environment file. */
  readonly files: ReadonlyMap<string, string>
  /** The database of the records. */
  readonly pool: pg.Pool
  /** By the TAP servers that records are about. */
  readonly servers: ReadonlyMap<string, ReadLive>
  /** Read the properties of HiPS surveys that have records, by the URLs of their trees. */
  readonly surveys: ReadonlyMap<string, () => Promise<string>>
}

export interface RefreshOptions {
  /**
   * Since when this environment counts; `now`: from now on. Of two deployments that run at the same time the later one
   * counts, or each would undo what the other has published.
   */
  readonly deployed: Date | 'now'
  /** Whether the records are made and compared even if nothing tells that they have changed. */
  readonly thorough: boolean
  /** Nothing is written: what would be. */
  readonly dryRun?: boolean
}

export interface Refreshed extends RecordChanges {
  /** `current`: nothing had to be compared; `outdated`: another environment counts, and these records are not published. */
  readonly outcome: 'compared' | 'current' | 'outdated'
  readonly held: readonly string[]
  readonly problems: readonly Problem[]
  /** What did not answer, such as `the database of tap`, with the reason. */
  readonly silent: ReadonlyMap<string, unknown>
}

const NOTHING = { added: [], changed: [], deleted: [], foreign: [], held: [], problems: [] } as const

/** Somebody else may refresh at the same time; he has the same to say. */
const ATTEMPTS = 5

/**
 * Publishes what has changed in the environment and in the live slots. It can be done at any time, by several at once.
 *
 * @throws DatabaseError, MissingRoleError, NotInitialisedError, EnvironmentError
 */
export async function refreshRegistry(sources: RegistrySources, options: RefreshOptions): Promise<Refreshed> {
  const { environment, environmentHash, pool } = sources
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    // Before the slots are read: who stores in between has seen the same slots or later ones.
    const before = await withRecords(pool, 'reading the state of the registry', 'read', readState)
    const found = await readAll(sources)
    const { live, surveys, silent } = found
    const identities = identify(found, before)
    if (!isEntitled(before, environmentHash, options.deployed)) return { ...NOTHING, outcome: 'outdated', silent }
    const isCurrent = before?.environment === environmentHash && isSameLive(before.live, identities)
    if (isCurrent && !options.thorough) return { ...NOTHING, outcome: 'current', silent }
    const { problems, ...built } = buildRecords(environment, live, { files: sources.files, surveys })
    const { authority } = requireRegistry(environment).config
    const publication = { ...built, authority, environment: environmentHash, live: identities }
    const changes = await storeRecords(pool, publication, { before, dryRun: options.dryRun === true })
    if (changes !== null) return { ...changes, outcome: 'compared', held: built.held, problems, silent }
  }
  // Whoever was faster each time has published what is live now.
  return { ...NOTHING, outcome: 'current', silent: new Map() }
}

function isEntitled(before: RegistryState | null, environmentHash: string, deployed: Date | 'now'): boolean {
  return before === null || before.environment === environmentHash || deployed === 'now' || deployed > before.since
}

interface Found {
  readonly live: ReadonlyMap<string, LiveTap | null>
  readonly surveys: ReadonlyMap<string, string>
  readonly silent: ReadonlyMap<string, unknown>
}

const databaseOf = (server: string) => `the database of ${server}`
const treeAt = (url: string) => `the HiPS tree ${url}`

async function readAll({ servers, surveys }: Pick<RegistrySources, 'servers' | 'surveys'>): Promise<Found> {
  const silent = new Map<string, unknown>()
  const read = async <T>(sources: ReadonlyMap<string, () => Promise<T>>, name: (key: string) => string) => {
    const found = new Map<string, T>()
    const readOne = async ([key, source]: readonly [string, () => Promise<T>]) => {
      try {
        found.set(key, await source())
      } catch (error) {
        silent.set(name(key), error)
      }
    }
    await Promise.all([...sources].map(readOne))
    return found
  }
  const [live, properties] = await Promise.all([read(servers, databaseOf), read(surveys, treeAt)])
  return { live, surveys: properties, silent }
}

/** What says nothing has what it had. */
function identify({ live, surveys, silent }: Found, before: RegistryState | null): LiveIdentities {
  const hash = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 16)
  const answered = [
    ...[...live].map(([server, slot]) => [databaseOf(server), slot?.identity ?? null] as const),
    ...[...surveys].map(([url, properties]) => [treeAt(url), hash(properties)] as const),
  ]
  const kept = [...silent.keys()].flatMap((name) => {
    const known = before?.live[name]
    return known === undefined ? [] : [[name, known] as const]
  })
  return Object.fromEntries([...answered, ...kept])
}
