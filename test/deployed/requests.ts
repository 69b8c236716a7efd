import type { FunctionProcess } from '../support/function-process.ts'
import type { PushRequest } from './deployment.ts'

// biome-ignore lint/suspicious/noExplicitAny: JSON that the tests look into
export type Json = Record<string, any>

export interface Answered {
  readonly status: number
  readonly body: Json
}

/** As Pub/Sub delivers it; returns the status. */
export async function deliver({ url }: FunctionProcess, request: PushRequest): Promise<number> {
  return (await fetch(`${url}/projects/p/topics/uploads`, request)).status
}

export async function get({ url }: FunctionProcess, path: string): Promise<Answered> {
  return read(await fetch(url + path))
}

export async function post({ url }: FunctionProcess, path: string, body: Json = {}): Promise<Answered> {
  const headers = { 'content-type': 'application/json' }
  return read(await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) }))
}

async function read(response: Response): Promise<Answered> {
  return { status: response.status, body: (await response.json()) as Json }
}

/** What a process has logged. */
export function readLog({ output }: FunctionProcess): readonly Json[] {
  const lines = output().split('\n')
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Json)
}
