import { connectServers, type ServerConnections } from '../../../shared/deployment/server-connections.ts'
import type { Environment } from '../../../shared/environment/environment.ts'
import type { TapServer } from '../../../shared/environment/tap-server.ts'
import { Failure } from '../../../shared/failure.ts'
import { SLOT_NAMES, type SlotName } from '../../../shared/tap-schema/slots.ts'
import { readStatus, type SlotStatus } from '../../../shared/tap-schema/status.ts'
import { openLogger } from '../publish/open-location.ts'

/** What a slot holds; null: nothing. */
export type SlotContent = Pick<SlotStatus, 'version' | 'loadedAt' | 'source'> | null

export interface ServerReleases {
  readonly name: string
  readonly schemaVersion: string | null
  readonly follow: readonly string[]
  /** null: it could not be asked. */
  readonly slots: Readonly<Record<SlotName, SlotContent>> | null
  readonly error: { readonly code: string; readonly message: string } | null
}

/** What the three slots of each TAP server hold. A server that cannot be asked says why, beside the others. */
export async function readServers(environment: Environment): Promise<readonly ServerReleases[]> {
  const connections = connectServers(environment, { applicationName: 'almagest', logger: openLogger() })
  try {
    return await Promise.all([...environment.servers.values()].map((server) => readServer(server, connections)))
  } finally {
    await connections.close()
  }
}

async function readServer(server: TapServer, connections: ServerConnections): Promise<ServerReleases> {
  const { name, schemaVersion, follow } = server
  try {
    const { slots } = await readStatus(await connections.poolFor(server), { historyLimit: 0 })
    const contents = SLOT_NAMES.map((slot) => [slot, contentOf(slots[slot])] as const)
    const record = Object.fromEntries(contents) as Record<SlotName, SlotContent>
    return { name, schemaVersion, follow, slots: record, error: null }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { name, schemaVersion, follow, slots: null, error: { code: error.code, message: error.message } }
  }
}

function contentOf({ exists, version, loadedAt, source }: SlotStatus): SlotContent {
  return exists ? { version, loadedAt, source } : null
}
