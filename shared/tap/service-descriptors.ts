import type { ResultColumn } from '../adql/resolved.ts'
import type { RunningQuery } from '../query/service.ts'
import { MANIFEST_NAME, readManifest } from '../releases/datalink/check-manifest.ts'
import { SnippetFault, takeServiceResources } from '../releases/datalink/service-resources.ts'
import { readTemplate, type TemplateReading } from '../releases/datalink/template-variables.ts'
import { objectOf, type ReleaseNaming } from '../releases/naming.ts'
import { SNIPPETS_NAME } from '../releases/publish/assemble-parts.ts'
import { readZip } from '../releases/publish/read-zip.ts'
import type { ReleaseBucket } from '../releases/release-bucket.ts'
import type { Field } from '../votable/field.ts'
import { escapeXml } from '../xml/characters.ts'
import type { LiveMetadata } from './live-metadata.ts'

export interface ServiceDescriptorOptions {
  readonly bucket: ReleaseBucket
  readonly naming: ReleaseNaming
  /** What `$baseUrl$` of a snippet stands for, without a slash at its end: `https://data.example.org`. */
  readonly baseUrl: string
  readonly logger: {
    info(message: string, fields?: Readonly<Record<string, unknown>>): void
    warning(message: string, fields?: Readonly<Record<string, unknown>>): void
  }
}

export interface DescribedResult {
  /** Those of the query; what a service refers to has an ID. */
  readonly fields: readonly Field[]
  /** RESOURCE elements of type `meta`. */
  readonly services: readonly string[]
}

export interface ServiceDescriptors {
  /**
   * The services of the live release whose columns a result has (DataLink 1.1 §4). It never fails: what cannot be had or
   * is broken is left out, and logged once.
   */
  describe(result: Pick<RunningQuery<LiveMetadata>, 'columns' | 'fields' | 'release'>): Promise<DescribedResult>
}

/** Far more than the descriptors of all services of any release. */
const MAX_BYTES = 16 << 20

/** What could not be read is tried again after that. */
const RETRY_MS = 60_000

/** No query waits longer for its descriptors. */
const WAIT_MS = 2_000

/** A service of a release: what it takes, and the template of its descriptor. */
interface Service {
  readonly name: string
  /** Columns as `dp1_Object_objectId`. */
  readonly columns: readonly string[]
  readonly template: TemplateReading
}

/** Reads `datalink-snippets.zip` beside the live release, once for each that goes live (qserv.md §3.4). */
export function openServiceDescriptors(options: ServiceDescriptorOptions): ServiceDescriptors {
  const { baseUrl, logger } = options
  const loaded = new WeakMap<LiveMetadata, { readonly services: Promise<readonly Service[]>; until: number }>()
  const broken = new WeakMap<Service, true>()

  function servicesOf(live: LiveMetadata): Promise<readonly Service[]> {
    const known = loaded.get(live)
    if (known !== undefined && performance.now() < known.until) return known.services
    const services = readServices(live, options).catch((error: unknown) => {
      entry.until = performance.now() + RETRY_MS
      logger.warning(`no DataLink services for now: ${SNIPPETS_NAME} of ${live.version} cannot be read`, { error })
      return []
    })
    const entry = { services, until: Number.POSITIVE_INFINITY }
    loaded.set(live, entry)
    return services
  }

  return {
    async describe({ columns, fields, release }) {
      const flat = flatNames(columns)
      if (flat.size === 0) return { fields, services: [] }
      const services = await Promise.race([servicesOf(release), pause(WAIT_MS)])
      const fitting = services.filter((service) => service.columns.every((column) => flat.has(column)))
      const described = new DescribedFields(fields)
      const written = fitting.flatMap((service) => {
        if (broken.has(service)) return []
        try {
          return writeService(service, baseUrl, (column) => described.idAt(flat.get(column)), described)
        } catch (error) {
          if (!(error instanceof SnippetFault)) throw error
          broken.set(service, true)
          logger.warning(`the DataLink service ${service.name} of ${release.version} is left out: ${error.message}`)
          return []
        }
      })
      return { fields: described.fields, services: written }
    },
  }
}

/** null where the slot does not say what release it came from. */
function locate({ version, versioned, source }: LiveMetadata, naming: ReleaseNaming): string | null {
  if (source !== null && source.bucket !== naming.bucket) return null
  const archive = source?.object ?? (versioned ? objectOf(naming, version) : null)
  return archive === null ? null : `${archive.slice(0, archive.lastIndexOf('/') + 1)}${SNIPPETS_NAME}`
}

async function readServices(
  live: LiveMetadata,
  { bucket, naming, logger }: ServiceDescriptorOptions,
): Promise<readonly Service[]> {
  const name = locate(live, naming)
  const found = name === null ? undefined : await bucket.read(name, { maxBytes: MAX_BYTES })
  if (found === undefined) {
    logger.info(`${live.version} has no DataLink services: there is no ${name ?? SNIPPETS_NAME}`)
    return []
  }
  const files = readZip(found.content)
  const manifest = files?.get(MANIFEST_NAME)
  if (files === null || manifest === undefined) throw new SnippetFault(`it is not an archive with ${MANIFEST_NAME}`)
  const { services, problems } = readManifest(decode(manifest))
  for (const { message } of problems) logger.warning(`${MANIFEST_NAME} of ${live.version}: ${message}`)
  return [...services].flatMap(([service, columns]) => {
    const content = files.get(`${service}.xml`)
    const template = content === undefined ? undefined : readTemplate(decode(content))
    const fault = template === undefined ? 'it has no snippet' : template.faults[0]?.message
    if (template !== undefined && fault === undefined) return { name: service, columns, template }
    logger.warning(`the DataLink service ${service} of ${live.version} is left out: ${fault}`)
    return []
  })
}

function decode(content: Uint8Array): string {
  return new TextDecoder().decode(content)
}

/** For each column of the result that comes unchanged from a table, as snippets call it, its place; the first of equals. */
function flatNames(columns: readonly ResultColumn[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>()
  for (const [index, { origin }] of columns.entries()) {
    if (origin === undefined) continue
    const name = `${origin.table}_${origin.column}`.replaceAll('"', '').replaceAll('.', '_')
    if (!places.has(name)) places.set(name, index)
  }
  return places
}

/** Fields that get an ID when somebody refers to them. */
class DescribedFields {
  readonly #fields: Field[]
  readonly ids: Set<string>

  constructor(fields: readonly Field[]) {
    this.#fields = [...fields]
    this.ids = new Set(fields.flatMap(({ id }) => id ?? []))
  }

  get fields(): readonly Field[] {
    return this.#fields
  }

  idAt(index: number | undefined): string | undefined {
    const field = index === undefined ? undefined : this.#fields[index]
    if (index === undefined || field === undefined) return undefined
    const id = field.id ?? this.newId(`col_${index + 1}`)
    this.#fields[index] = { ...field, id }
    return id
  }

  /** The ID, or with a number behind it where it is taken. */
  newId(wanted: string): string {
    let id = wanted
    for (let number = 2; this.ids.has(id); number++) id = `${wanted}_${number}`
    this.ids.add(id)
    return id
  }
}

function writeService(
  { template }: Service,
  baseUrl: string,
  idOf: (column: string) => string | undefined,
  described: DescribedFields,
): string {
  const xml = template.parts.map((part) => {
    if (typeof part === 'string') return part
    const value = part.name === 'baseUrl' ? baseUrl : idOf(part.name)
    if (value === undefined) throw new SnippetFault(`$${part.name}$ is not a column of its result`)
    return escapeXml(value)
  })
  const renamed = new Map<string, string>()
  const rename = (id: string) => {
    const name = renamed.get(id) ?? described.newId(id)
    renamed.set(id, name)
    return name
  }
  return takeServiceResources(xml.join(''), rename, (id) => described.ids.has(id))
}

function pause(milliseconds: number): Promise<readonly Service[]> {
  return new Promise((done) => {
    setTimeout(() => done([]), milliseconds).unref()
  })
}
