import type { EnvironmentProblemCode } from '../environment/report.ts'
import { nearMiss } from '../near-miss.ts'
import { additionsOf, type Context } from './context.ts'
import { dataRulesOf } from './find-services.ts'
import { authorityOf, sameIvoid } from './ivoid.ts'
import type { RegistryRecord } from './record.ts'

/** What is wrong with one record, as a sentence about it; null: nothing. */
interface Check {
  readonly code: EnvironmentProblemCode
  readonly severity: 'error' | 'warning'
  complaint(record: RegistryRecord, about: { readonly now: Date; readonly authority: string }): string | null
}

const SUBJECT = /^[a-z0-9]+(?:-[a-z0-9]+)*$/
const SHORT_NAME = 16

/** What validators of registries refuse, or readers of records trip over. */
const CHECKS: readonly Check[] = [
  {
    code: 'missing_key',
    severity: 'error',
    complaint: ({ subjects }) =>
      subjects.length > 0 ? null : 'has no subject: give subjects here, or ivoaRegistry.subjects for all',
  },
  {
    code: 'invalid_value',
    severity: 'warning',
    complaint: ({ subjects }) => {
      const odd = subjects.filter((subject) => !SUBJECT.test(subject))
      if (odd.length === 0) return null
      return `has the subject ${JSON.stringify(odd[0])}: words of the Unified Astronomy Thesaurus are in lower case with hyphens, like time-domain-astronomy`
    },
  },
  {
    code: 'invalid_value',
    severity: 'error',
    complaint: ({ title, description }) => {
      if (title.trim() === '') return 'has an empty title'
      return description.trim() === '' ? 'has an empty description' : null
    },
  },
  {
    code: 'invalid_value',
    severity: 'error',
    complaint: ({ shortName }) =>
      [...(shortName ?? '')].length > SHORT_NAME
        ? `has the short name ${JSON.stringify(shortName)}, which is longer than ${SHORT_NAME} characters`
        : null,
  },
  {
    code: 'invalid_value',
    severity: 'error',
    complaint: ({ created }, { now }) => (created > now ? 'was created in the future' : null),
  },
  {
    code: 'invalid_value',
    severity: 'error',
    complaint: ({ ivoid }, { authority }) =>
      sameIvoid(authorityOf(ivoid), authorityOf(authority))
        ? null
        : `is not below the authority ${authority}, the only one that this registry manages`,
  },
]

/** @param all also those that are not published */
export function checkRecords(
  context: Context,
  all: readonly RegistryRecord[],
  records: readonly RegistryRecord[],
  now: Date,
): void {
  const { report, config, held } = context
  const about = { now, authority: config.authority }
  const seen = new Set<string>()
  for (const record of records) {
    for (const { code, severity, complaint } of CHECKS) {
      const found = complaint(record, about)
      if (found === null) continue
      const message = `the record ${record.ivoid} ${found}`
      if (severity === 'error') {
        report.error(code, record.place, message)
        held.add(record.ivoid)
      } else report.warn(code, record.place, message)
    }
    const key = record.ivoid.toLowerCase()
    if (seen.has(key)) {
      report.error('duplicate_item', record.place, `there is another record ${record.ivoid}`)
      held.add(record.ivoid)
    }
    seen.add(key)
  }
  const before = report.errors
  if (!/^\S+@(?:[^\s.]+\.)+[^\s.]+$/.test(config.adminEmail)) {
    const message = `adminEmail is not an address that harvesters take: ${JSON.stringify(config.adminEmail)}`
    report.error('invalid_value', config.place, message)
  }
  checkSettings(context, all)
  // What all records depend on: nobody harvests a registry without the three records of its own.
  const isOwnWrong = all.some(({ kind, ivoid }) => OWN.includes(kind) && held.has(ivoid))
  if (isOwnWrong || report.errors > before) for (const { ivoid } of all) held.add(ivoid)
}

const OWN: readonly RegistryRecord['kind'][] = ['registry', 'authority', 'organisation']

/** Names in the section `registry` that nothing has, and records that must be there. */
function checkSettings(context: Context, all: readonly RegistryRecord[]): void {
  const { report, settings, environment } = context
  for (const { ivoid } of all.filter(({ kind }) => OWN.includes(kind))) {
    const added = additionsOf(context, ivoid)
    if (added?.publish !== false) continue
    report.error('invalid_value', added.place, 'a registry without this record is none: publish cannot be false')
  }
  // Of a service that is not here now the record may come with the next release.
  const ivoids = new Set([...all, ...settings.services].map(({ ivoid }) => ivoid.toLowerCase()))
  for (const [ivoid, { place }] of settings.entries) {
    if (ivoids.has(ivoid.toLowerCase())) continue
    report.warn('no_effect', place, 'is added to nothing: there is no such record here now')
  }
  const rules = dataRulesOf(context).map(({ name }) => name)
  for (const name of settings.authenticated) {
    if (rules.includes(name)) continue
    const message = `authenticated names ${JSON.stringify(name)}, which no data rule of a deployed application is called`
    report.error('invalid_value', settings.place, message, nearMiss(name, rules))
  }
  const { server } = settings
  if (server === null || environment.servers.has(server)) return
  const message = `there is no TAP server ${JSON.stringify(server)}`
  report.error('invalid_value', settings.place, message, nearMiss(server, environment.servers.keys()))
}
