import { XmlWriter } from '../xml/writer.ts'
import type { Job } from './job.ts'
import type { RemoteNote } from './watch-remote.ts'

/**
 * The XML documents of UWS 1.1 (its schema, version 1.1): jobs, lists of jobs, and their parts. Addresses are absolute.
 */

const UWS = {
  'xmlns:uws': 'http://www.ivoa.net/xml/UWS/v1.0',
  'xmlns:xlink': 'http://www.w3.org/1999/xlink',
  'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
} as const

export interface JobLinks {
  /** Address of the job: `…/async/{id}`. */
  readonly url: string
}

/**
 * §2.2.2.2: the whole job.
 *
 * @param remote what is known of a query that a backend runs by itself: its progress goes into jobInfo
 */
export function writeJob(job: Job, links: JobLinks, remote?: RemoteNote): string {
  const xml = new XmlWriter().open('uws:job', { version: '1.1', ...UWS })
  xml.element('uws:jobId', {}, job.id).textElement('uws:runId', job.runId)
  nillable(xml, 'uws:ownerId', job.owner)
  xml.element('uws:phase', {}, job.phase)
  nillable(xml, 'uws:quote', formatTime(quoteOf(job, remote)))
  xml.element('uws:creationTime', {}, formatTime(job.created))
  nillable(xml, 'uws:startTime', formatTime(job.started))
  nillable(xml, 'uws:endTime', formatTime(job.ended))
  xml.element('uws:executionDuration', {}, job.executionSeconds)
  xml.element('uws:destruction', {}, formatTime(job.destruction))
  addParameters(xml, job, links, {})
  addResults(xml, job, links, {})
  if (job.error !== null) {
    xml.open('uws:errorSummary', { type: job.error.type, hasDetail: 'true' })
    xml.element('uws:message', {}, job.error.message).close()
  }
  if (remote !== undefined) addInfo(xml, remote)
  return xml.close().take()
}

/** §2.2.2.1: references to jobs. */
export function writeJobs(jobs: readonly Job[], urlOf: (job: Job) => string): string {
  const xml = new XmlWriter().open('uws:jobs', { version: '1.1', ...UWS })
  for (const job of jobs) {
    xml.open('uws:jobref', { id: job.id, 'xlink:href': urlOf(job), 'xlink:type': 'simple' })
    xml.element('uws:phase', {}, job.phase).textElement('uws:runId', job.runId).textElement('uws:ownerId', job.owner)
    xml.element('uws:creationTime', {}, formatTime(job.created)).close()
  }
  return xml.close().take()
}

export function writeParameters(job: Job, links: JobLinks): string {
  const xml = new XmlWriter()
  addParameters(xml, job, links, UWS)
  return xml.take()
}

export function writeResults(job: Job, links: JobLinks): string {
  const xml = new XmlWriter()
  addResults(xml, job, links, UWS)
  return xml.take()
}

/** `2026-11-27T05:43:59.000Z`; the standard wants UTC and says so (§2.1.2). */
export function formatTime(time: Date): string
export function formatTime(time: Date | null): string | null
export function formatTime(time: Date | null): string | null {
  return time === null ? null : time.toISOString()
}

/**
 * When the job will have ended (§2.1.8): as its progress says, or at the latest if it starts now. null: it has ended.
 */
export function quoteOf(job: Job, remote?: RemoteNote): Date | null {
  if (job.ended !== null) return null
  const latest = new Date((job.started ?? job.created).getTime() + job.executionSeconds * 1000)
  const estimate = remote?.estimate ?? latest
  return estimate < latest ? estimate : latest
}

/** §2.1.11 leaves to the service what stands there. */
function addInfo(xml: XmlWriter, { queryId, progress }: RemoteNote): void {
  if (queryId === null && progress === null) return
  xml.open('uws:jobInfo', {})
  if (queryId !== null) xml.element('executionId', {}, queryId)
  if (progress !== null) {
    const { done, total } = progress
    xml.open('progress', {}).element('percentComplete', {}, Math.floor((100 * done) / Math.max(1, total)))
    xml.element('itemsProcessed', {}, done).element('totalItems', {}, total)
    xml.element('message', {}, `${done} of ${total} pieces of the sky are searched`).close()
  }
  xml.close()
}

/** Ids are unique in the document, and inline tables are named by where they can be read. */
function addParameters(
  xml: XmlWriter,
  job: Job,
  { url }: JobLinks,
  namespaces: Readonly<Record<string, string>>,
): void {
  xml.open('uws:parameters', namespaces)
  if (job.runId !== null) xml.element('uws:parameter', { id: 'RUNID' }, job.runId)
  const seen = new Map<string, string[]>()
  for (const { name, value } of job.parameters) seen.set(name, [...(seen.get(name) ?? []), value])
  // Only UPLOAD may come several times; its values can be joined (TAP 1.1 §2.7.6).
  for (const [name, values] of seen) xml.element('uws:parameter', { id: name }, values.join(';'))
  // Those of an archived job are gone with its result.
  for (const { name } of job.phase === 'ARCHIVED' ? [] : job.uploads) {
    const href = `${url}/parameters/${encodeURIComponent(name)}`
    xml.element('uws:parameter', { id: name, byReference: 'true' }, href)
  }
  xml.close()
}

function addResults(xml: XmlWriter, job: Job, { url }: JobLinks, namespaces: Readonly<Record<string, string>>): void {
  const { result } = job
  if (result === null || job.phase !== 'COMPLETED') {
    xml.element('uws:results', namespaces)
    return
  }
  xml.open('uws:results', namespaces)
  xml.element('uws:result', {
    id: 'result',
    'xlink:type': 'simple',
    'xlink:href': `${url}/results/result`,
    'mime-type': result.contentType,
    size: result.bytes,
  })
  xml.close()
}

function nillable(xml: XmlWriter, name: string, text: string | null): void {
  if (text === null) xml.element(name, { 'xsi:nil': 'true' })
  else xml.element(name, {}, text)
}
