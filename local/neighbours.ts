import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

/** The token that opens the HiPS tree. */
export const HIPS_TOKEN = 'local-hips-token'

export const TOKEN_INFO_PATH = '/auth/api/v1/token-info'
export const HIPS_PATH = '/hips'

/**
 * Stands in for the services of a data centre that discovery asks: Gafaelfawr, which here knows everybody who has a
 * bearer token as `somebody`, and a HiPS tree. It is not listening by itself.
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
  if (!/^bearer \S+$/i.test(headers.authorization ?? '')) return void response.writeHead(401).end()
  const info = { token: 'local', username: 'somebody', token_type: 'user', scopes: ['read:sasquatch'] }
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
