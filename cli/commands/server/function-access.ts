import { Failure, messageOf } from '../../../shared/failure.ts'
import { kindOfStatus } from '../../../shared/platform/http/errors.ts'
import type { Problem } from '../../../shared/problem.ts'
import type { SchemaDiff } from '../../../shared/tap-schema/diff.ts'
import type { StageOutcome } from '../../../shared/tap-schema/stage.ts'
import type { ServerStatus } from '../../../shared/tap-schema/status.ts'
import type { SwapOutcome } from '../../../shared/tap-schema/swap.ts'
import { UsageError } from '../../terminal/usage-error.ts'
import { authorise } from './authorise.ts'
import type { FunctionAddress } from './options.ts'
import type { ExchangeRequest, ServerAccess } from './server-access.ts'

/** The function answered, and the answer is no. */
export class FunctionError extends Failure {
  readonly status: number
  constructor(status: number, code: string, message: string, problems: readonly Problem[] = []) {
    super(kindOfStatus(status), code, message, { problems })
    this.status = status
  }
}

/** The function did not answer, or something else did. */
export class UnreachableError extends Failure {
  constructor(message: string, cause?: unknown) {
    super('unavailable', 'unreachable', message, { cause })
  }
}

export interface FunctionAccess extends ServerAccess {
  /** Stages a release that lies in the function's bucket, in its newest generation or a given one. */
  stage(version: string, generation?: string): Promise<StageOutcome>
}

/** A TAP server by the JSON interface of the swap-schema function. */
export async function openFunctionAccess(address: FunctionAddress): Promise<FunctionAccess> {
  const headers = await authorise(address)
  const base = `${address.url.replace(/\/+$/, '')}/servers/${encodeURIComponent(address.server)}`
  const get = <T>(path: string, isAnswer: Shape) => request<T>({ method: 'GET', headers }, `${base}${path}`, isAnswer)
  const post = <T>(path: string, body: ReleaseWish, isAnswer: Shape) => {
    const type = { 'content-type': 'application/json' }
    const init = { method: 'POST', headers: { ...headers, ...type }, body: JSON.stringify(body) }
    return request<T>(init, `${base}${path}`, isAnswer)
  }
  const exchange = (path: string, wish: ExchangeRequest): Promise<SwapOutcome> => {
    refuseLocalWishes(wish)
    const { version, generation, id } = wish
    // An earlier function does not know the field, and needs it only where it is set.
    const leaveReadersOut = wish.leaveReadersOut || undefined
    const isAnswer = hasMembers('outcome', 'live', 'slots', 'durationMs', 'warnings')
    return post(path, { version, generation, id, leaveReadersOut }, isAnswer)
  }
  return {
    async readStatus(historyLimit) {
      const answer = await get<ServerStatus>(`?history=${historyLimit}`, hasMembers('slots', 'history'))
      return { slots: answer.slots, history: answer.history }
    },
    diff: (from, to) => get<SchemaDiff>(`/diff?from=${from}&to=${to}`, hasMembers('from', 'to', 'changes')),
    stage: (version, generation) => post('/stage', { version, generation }, hasMembers('outcome', 'version')),
    swap: (wish) => exchange('/swap', wish),
    rollback: (wish) => exchange('/rollback', wish),
    async close() {},
  }
}

interface ReleaseWish {
  readonly version: string
  /** undefined is left out of the JSON. */
  readonly generation: string | undefined
  readonly id?: number | undefined
  readonly leaveReadersOut?: boolean | undefined
}

/** Those are decided on the other side: the caller is who the token says, the deadline is in the environment file. */
function refuseLocalWishes({ actor, deadlineSeconds }: ExchangeRequest): void {
  if (actor !== undefined) throw new UsageError('--actor works with --database only: the function takes the caller')
  if (deadlineSeconds !== undefined) {
    throw new UsageError("--deadline works with --database only: the function's environment file sets its own")
  }
}

type Shape = (answer: object) => boolean

function hasMembers(...names: readonly string[]): Shape {
  return (answer) => names.every((name) => name in answer)
}

/** Longer than any deadline that an environment file is likely to set, shorter than anybody's patience. */
const TIMEOUT_MS = 300_000

async function request<T>(init: RequestInit, url: string, isAnswer: Shape): Promise<T> {
  const response = await send(init, url)
  const text = await response.text().catch((error: unknown) => {
    throw new UnreachableError(`the answer of ${url} broke off: ${reasonOf(error)}`, error)
  })
  const answer = parseJson(text)
  if (!response.ok) throw describeRefusal(response, url, answer)
  if (typeof answer !== 'object' || answer === null || !isAnswer(answer)) {
    throw new UnreachableError(`${url} answered something else than swap-schema does: is it the function's address?`)
  }
  return answer as T
}

async function send(init: RequestInit, url: string): Promise<Response> {
  const accept = { ...(init.headers as Record<string, string>), accept: 'application/json' }
  try {
    // A redirect is a login page or a wrong address; following it would take the token along.
    return await fetch(url, { ...init, headers: accept, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) })
  } catch (error) {
    throw new UnreachableError(
      `${new URL(url).origin} cannot be reached: ${reasonOf(error)}; check the address, and that it is running there`,
      error,
    )
  }
}

/** fetch says only that it failed; its cause says why. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0])
  return messageOf(cause)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

interface Detail {
  readonly msg: string
  readonly type: string
  readonly loc: readonly string[]
}

const ADVICE: Readonly<Record<number, string>> = {
  401: 'the function wants an identity token: log in, or give --token',
  403: 'this identity may not call the function: it needs the right to invoke it',
  404: "is it the function's address?",
}

function describeRefusal(response: Response, url: string, answer: unknown): Failure {
  const { status } = response
  const location = response.headers.get('location')
  if (status >= 300 && status < 400) {
    return new UnreachableError(`${url} leads on to ${location ?? 'nowhere'}: give the function's own address`)
  }
  const details = readDetails(answer)
  const [first] = details
  if (first === undefined) {
    const advice = ADVICE[status] === undefined ? '' : ` (${ADVICE[status]})`
    return new FunctionError(status, `http_${status}`, `${url} answered ${status} ${response.statusText}${advice}`)
  }
  const retryAfter = response.headers.get('retry-after')
  const later = status === 503 && retryAfter !== null ? `; try again in ${retryAfter} s` : ''
  if (details.length === 1 && (first.loc.length === 0 || REQUEST_PARTS.includes(first.loc[0] ?? ''))) {
    return new FunctionError(status, first.type, `${first.msg}${later}`)
  }
  const message = `the function answered ${status} ${response.statusText} with ${details.length === 1 ? '1 problem' : `${details.length} problems`}${later}`
  return new FunctionError(status, first.type, message, details.map(asProblem))
}

/** Where in the request a complaint is about it; the command's user knows those parts under other names. */
const REQUEST_PARTS = ['path', 'query', 'header', 'body']

function readDetails(answer: unknown): readonly Detail[] {
  if (typeof answer !== 'object' || answer === null || !('detail' in answer) || !Array.isArray(answer.detail)) return []
  return answer.detail.flatMap((item: unknown): Detail[] => {
    if (typeof item !== 'object' || item === null || !('msg' in item) || typeof item.msg !== 'string') return []
    const type = 'type' in item && typeof item.type === 'string' ? item.type : 'refused'
    const loc = 'loc' in item && Array.isArray(item.loc) ? item.loc.map(String) : []
    return [{ msg: item.msg, type, loc }]
  })
}

/** A location is file, line and path for a problem of a release; or the place in the request: `body`, `version`. */
function asProblem({ msg, type, loc }: Detail): Problem {
  const [file = 'request', second, ...rest] = loc
  const isLine = second !== undefined && /^\d+$/.test(second)
  const path = (isLine || second === undefined ? rest : [second, ...rest]).join('.')
  const problem = { file, path, code: type, severity: 'error', message: msg } as const
  return isLine ? { ...problem, line: Number(second) } : problem
}
