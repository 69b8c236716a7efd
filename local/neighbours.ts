import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

/** The token that opens the HiPS tree. */
export const HIPS_TOKEN = 'local-hips-token'

export const TOKEN_INFO_PATH = '/auth/api/v1/token-info'
export const HIPS_PATH = '/hips'

/** Who sends no token to a TAP service. */
export const LOCAL_USER = 'you'

/** A group for trying shares: Gafaelfawr says of these users that they are in it. */
const GROUP = { name: 'heron', members: ['ann', 'bob'] }

/** Lets requests without a token in, as `you`, so that clients work without one, and their tables have an owner. */
export function signIn({ headers, headersDistinct }: IncomingMessage): void {
  if (headers.authorization !== undefined) return
  headers.authorization = `Bearer ${LOCAL_USER}`
  headersDistinct.authorization = [headers.authorization]
}

/**
 * Stands in for the services of a data centre that the functions ask: Gafaelfawr, which here takes the name of a user as
 * his token, and a HiPS tree. It is not listening by itself.
 */
export function createNeighbours(): Server {
  return createServer((request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '/'
    const answer = ANSWERS.get(path)
    if (answer === undefined) return void response.writeHead(404).end()
    answer(request, response)
  })
}

const ANSWERS: ReadonlyMap<string, (request: IncomingMessage, response: ServerResponse) => void> = new Map([
  [TOKEN_INFO_PATH, describeToken],
  [`${HIPS_PATH}/heron/color/properties`, describeTree],
])

function describeToken({ headers }: IncomingMessage, response: ServerResponse): void {
  const [, username] = /^bearer (\S+)$/i.exec(headers.authorization ?? '') ?? []
  if (username === undefined) return void response.writeHead(401).end()
  const groups = GROUP.members.includes(username) ? [{ name: GROUP.name, id: 1000 }] : []
  const info = { token: 'local', username, token_type: 'user', scopes: ['read:sasquatch'], groups }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(info))
}

function describeTree({ headers }: IncomingMessage, response: ServerResponse): void {
  if (headers.authorization !== `Bearer ${HIPS_TOKEN}`) return void response.writeHead(401).end()
  response.writeHead(200, { 'content-type': 'text/plain' }).end(PROPERTIES)
}

const PROPERTIES = `creator_did              = ivo://heron.example/color
obs_title                = Heron DR1: colour
dataproduct_type         = image
hips_version             = 1.4
hips_order               = 9
hips_tile_width          = 512
hips_tile_format         = png
hips_frame               = equatorial
hips_status              = public master clonableOnce
`
