import type { TapMetadata, TapSchema } from '../../shared/discovery/tap-schemas.ts'
import { nearMiss } from '../../shared/near-miss.ts'
import { HttpError } from '../../shared/platform/http/errors.ts'
import { Representation } from '../../shared/platform/http/representation.ts'
import type { Route } from '../../shared/platform/http/route.ts'
import { SHORT_LIVED } from './documents.ts'
import { publicRoute } from './public-route.ts'
import type { Service } from './service.ts'

/** The last part of the URL that never needs editing, and the member of the document that it stands for. */
const METADATA: ReadonlyMap<string, keyof TapMetadata> = new Map([
  ['datalink-snippets', 'datalink_snippets'],
  ['datalink-columns', 'datalink_columns'],
  ['schemas', 'schemas'],
])

/** The pages that `almagest browse` makes. */
const BROWSER = 'browser'

const SERVER = { server: 'Name of a TAP server of the environment' }

export function tapRoutes(service: Service): readonly Route[] {
  const base = `${service.config.pathPrefix}/discovery/tap/{server}`
  const represented = new Map<string, { readonly schema: TapSchema; readonly representation: Representation }>()
  const represent = (server: string, schema: TapSchema) => {
    const before = represented.get(server)
    if (before?.schema === schema) return before.representation
    const [text, now] = [JSON.stringify(schema), new Date()]
    const representation =
      before?.representation.replace(text, now) ?? new Representation(text, 'application/json', now)
    represented.set(server, { schema, representation })
    return representation
  }
  return [
    publicRoute({
      path: base,
      operation: 'readTapSchema',
      summary: 'What is live in one TAP server',
      params: SERVER,
      answers: { json: 'TapSchema' },
      cacheable: true,
      errors: [404, 503],
      async handle({ params, headers }) {
        const server = params.server ?? ''
        return represent(server, await findTapSchema(service, server)).answer(headers, SHORT_LIVED)
      },
    }),
    publicRoute({
      path: `${base}/metadata/{artifact}`,
      operation: 'findTapMetadata',
      summary: 'Redirects to what was published with the release that is live',
      params: { ...SERVER, artifact: [...METADATA.keys(), BROWSER].join(', ') },
      answers: null,
      otherwise: { 307: 'The Location header says where it is' },
      errors: [404, 503],
      async handle({ params }) {
        const location = findArtifact(await findTapSchema(service, params.server ?? ''), params.artifact ?? '')
        return { status: 307, headers: { location, 'cache-control': SHORT_LIVED }, body: undefined }
      },
    }),
  ]
}

async function findTapSchema({ servers, watch }: Service, name: string): Promise<TapSchema> {
  const loc = ['path', 'server']
  if (!servers.has(name)) {
    const msg = `no TAP server is called ${JSON.stringify(name)}: ${hint(name, [...servers.keys()])}`
    throw new HttpError(404, { msg, type: 'server_not_found', loc })
  }
  const { schemas, states } = await watch.current()
  const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined
  if (schema !== undefined) return schema
  if (states[name] === 'empty') throw new HttpError(404, { msg: `nothing is live in ${name}`, type: 'empty_slot', loc })
  const msg = `the database of ${name} does not answer: what is live in it is not known`
  throw new HttpError(503, { msg, type: 'database', loc }, { headers: { 'retry-after': '5' } })
}

function findArtifact({ version, metadata, browser }: TapSchema, artifact: string): string {
  const loc = ['path', 'artifact']
  if (artifact === BROWSER) {
    if (browser !== undefined) return browser
    const msg = `there are no pages of the release ${version}: discovery.schemaBrowser of the environment names them`
    throw new HttpError(404, { msg, type: 'not_published', loc })
  }
  const member = METADATA.get(artifact)
  if (member === undefined) {
    const msg = `there is no ${JSON.stringify(artifact)} of a release: ${hint(artifact, [...METADATA.keys(), BROWSER])}`
    throw new HttpError(404, { msg, type: 'artifact_not_found', loc })
  }
  if (metadata !== null) return metadata[member]
  throw new HttpError(404, { msg: `the release ${version} is not in a public bucket`, type: 'not_published', loc })
}

function hint(word: string, known: readonly string[]): string {
  const meant = nearMiss(word, known)
  return meant === undefined ? `there are ${known.join(', ') || 'none'}` : `did you mean ${meant}?`
}
