import { buildDiscovery } from '../../shared/discovery/build-document.ts'
import { toNubladoForm } from '../../shared/discovery/nublado-form.ts'
import { ownUrls } from '../../shared/discovery/own-urls.ts'
import type { TapSchemasSnapshot, TapSchemasWatch } from '../../shared/discovery/tap-schemas-watch.ts'
import type { Environment } from '../../shared/environment/environment.ts'
import { Representation } from '../../shared/platform/http/representation.ts'
import type { ApiRequest, ApiResponse } from '../../shared/platform/http/route.ts'

/** The documents that are made of the configuration and of what is live. */
export interface Documents {
  /** Without a promise while nothing has changed: most requests are for one of them (serve.ts). */
  answer(form: 'discovery' | 'nublado', headers: ApiRequest['headers']): ApiResponse | Promise<ApiResponse>
}

/** A swap shows within this and the lifetime of what the databases said. */
export const SHORT_LIVED = 'public, max-age=3, stale-if-error=86400'

const JSON_TYPE = 'application/json'

/** Each document is built when what it is made of has changed, not for a request. */
export function createDocuments(environment: Environment, watch: TapSchemasWatch): Documents {
  const config = environment.discovery
  // Without a host name there is nothing in the configuration that we would have to serve.
  const urls = ownUrls(config) ?? { baseUrl: '' }
  let built: Built | undefined
  const build = (snapshot: TapSchemasSnapshot): Built => {
    if (built?.snapshot === snapshot) return built
    const document = buildDiscovery(config, { ...urls, tapSchemas: snapshot.schemas })
    const [text, nublado] = [JSON.stringify(document), JSON.stringify(toNubladoForm(document))]
    built = {
      snapshot,
      discovery: represent(built?.discovery, text),
      nublado: represent(built?.nublado, nublado),
    }
    return built
  }
  return {
    answer(form, headers) {
      const snapshot = watch.current()
      const answerFrom = (known: TapSchemasSnapshot) => build(known)[form].answer(headers, SHORT_LIVED)
      return snapshot instanceof Promise ? snapshot.then(answerFrom) : answerFrom(snapshot)
    },
  }
}

interface Built {
  readonly snapshot: TapSchemasSnapshot
  readonly discovery: Representation
  readonly nublado: Representation
}

function represent(before: Representation | undefined, text: string): Representation {
  return before?.replace(text, new Date()) ?? new Representation(text, JSON_TYPE, new Date())
}
