import { messageOf } from '../../shared/failure.ts'
import { describeError, HttpError } from '../../shared/platform/http/errors.ts'
import type { Form } from '../../shared/platform/http/form.ts'
import { TEXT } from '../../shared/platform/http/json-schema.ts'
import { type ApiRequest, type ErrorFormat, type Fields, type Route, route } from '../../shared/platform/http/route.ts'
import { describeRepository } from '../../shared/registry/build-records.ts'
import { answerOai } from '../../shared/registry/oai/answer.ts'
import type { RegistryDependencies } from './dependencies.ts'
import type { RecordKeeper } from './keep-current.ts'
import { sendOai } from './oai-answer.ts'

/** Longer requests hold nothing that means anything here. */
const MAX_BYTES = 8 * 1024

/** An error that is none of the protocol's. */
export const TEXT_ERROR: ErrorFormat = {
  contentType: 'text/plain; charset=utf-8',
  write: ({ detail }) => `${detail.map(({ msg }) => msg).join('\n')}\n`,
}

const FIELDS: Fields = {
  verb: {
    type: 'string',
    description: 'What is asked for',
    required: true,
    enum: ['Identify', 'ListMetadataFormats', 'ListSets', 'ListIdentifiers', 'ListRecords', 'GetRecord'],
  },
  identifier: { type: 'string', description: 'Identifier of a record' },
  metadataPrefix: { type: 'string', description: 'Format of the records', enum: ['ivo_vor', 'oai_dc'] },
  from: { type: 'string', description: 'First day or second of the changes' },
  until: { type: 'string', description: 'Last day or second of the changes' },
  set: { type: 'string', description: 'Set of the records', enum: ['ivo_managed'] },
  resumptionToken: { type: 'string', description: 'Where a list goes on' },
}

/** OAI-PMH 2.0, with Registry Interfaces 1.1: errors of the protocol are answers like others, with 200. */
export function oaiRoutes(
  { environment }: RegistryDependencies,
  keeper: RecordKeeper,
  path: string,
  suffix: string,
): readonly Route[] {
  const repository = describeRepository(environment)
  const answer = async (pairs: Form['pairs']) => {
    const { pool } = await keeper.keepCurrent()
    const { readRecords } = await import('../../shared/registry/state/stored-records.ts')
    return readRecords(pool, (source, now) => answerOai(pairs, repository, source, now))
  }
  const common = {
    path,
    anonymous: true,
    cors: true,
    form: {
      fields: FIELDS,
      emptyIsValue: true,
      limits: () => ({ bytes: MAX_BYTES, textBytes: MAX_BYTES, parts: 0, lenient: true }),
    },
    errorFormat: TEXT_ERROR,
    answers: { 'text/xml': TEXT },
    otherwise: { 304: 'The caller has it' },
    async handle({ form, headers }: Pick<ApiRequest, 'form' | 'headers'>) {
      refuseLong(form.pairs)
      return sendOai(await answer(form.pairs).catch(throwUnavailable), headers)
    },
  } as const
  return [
    route({
      ...common,
      method: 'GET',
      operation: `harvest${suffix}`,
      summary: 'The six verbs of OAI-PMH 2.0',
      errors: [414, 503],
    }),
    route({
      ...common,
      method: 'POST',
      operation: `harvest${suffix}ByForm`,
      summary: 'The same, with the arguments in a form',
      errors: [413, 415, 503],
    }),
  ]
}

/** The log says why: addresses and roles of databases are not for everybody (OAI-PMH 2.0 §3.1.2.2). */
export function throwUnavailable(cause: unknown): never {
  const { status, headers, severity } = describeError(cause)
  if (status !== 503) throw cause
  const detail = { msg: 'The registry cannot read its records at the moment: try again later.', type: 'unavailable' }
  const more = severity === 'warning' ? ({ severity } as const) : {}
  throw new HttpError(503, detail, { headers, cause, reason: messageOf(cause), ...more })
}

function refuseLong(pairs: Form['pairs']): void {
  const length = pairs.reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  if (length <= MAX_BYTES) return
  throw new HttpError(414, { msg: `the arguments are longer than ${MAX_BYTES} characters`, type: 'uri_too_long' })
}
