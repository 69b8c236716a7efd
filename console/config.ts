import { getJson } from './http.ts'

/** Where the services are: `config.json` beside the page. Addresses may be relative to it. */
export interface Config {
  readonly environment: string
  /** The discovery service, as `almagest/client` takes it; null: none. */
  readonly discovery: string | null
  /** null: releases cannot be looked at here. */
  readonly swapSchema: string | null
  readonly collectResults: string | null
  readonly servers: readonly ServerConfig[]
  /** A sky viewer of the operator's own: `{ra}` and `{dec}` are replaced by the position, in degrees; null: none. */
  readonly skyViewer: string | null
}

export interface ServerConfig {
  readonly name: string
  /** Of its TAP service. */
  readonly url: string
  /** Whether users keep tables there. */
  readonly keepsTables: boolean
}

export function loadConfig(): Promise<Config> {
  return getJson<Config>('config.json')
}
