import { formatInstant } from '../write-record.ts'
import { OaiError } from './error.ts'
import type { ListVerb, Prefix, Selection } from './selection.ts'
import { type ListPosition, parseToken } from './token.ts'

/** A request that can be answered (OAI-PMH 2.0 §4). */
export type OaiRequest =
  | { readonly verb: 'Identify' | 'ListSets' }
  | { readonly verb: 'ListMetadataFormats'; readonly identifier: string | null }
  | { readonly verb: 'GetRecord'; readonly identifier: string; readonly prefix: Prefix }
  | { readonly verb: ListVerb; readonly selection: Selection; readonly position: ListPosition | null }

type Arguments = ReadonlyMap<string, string>

const TOKEN = 'resumptionToken'

/** The arguments that each verb takes, those first that it needs. */
const ARGUMENTS: Readonly<
  Record<OaiRequest['verb'], { readonly needed: readonly string[]; readonly more: readonly string[] }>
> = {
  Identify: { needed: [], more: [] },
  ListMetadataFormats: { needed: [], more: ['identifier'] },
  ListSets: { needed: [], more: [TOKEN] },
  ListIdentifiers: { needed: ['metadataPrefix'], more: ['from', 'until', 'set', TOKEN] },
  ListRecords: { needed: ['metadataPrefix'], more: ['from', 'until', 'set', TOKEN] },
  GetRecord: { needed: ['identifier', 'metadataPrefix'], more: [] },
}

const PREFIXES: readonly string[] = ['ivo_vor', 'oai_dc'] satisfies readonly Prefix[]

/** XML 1.0 §2.2: with them in it, the answer could not repeat the value. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u

/** @throws OaiError */
export function readRequest(pairs: readonly (readonly [name: string, value: string])[]): OaiRequest {
  const verb = readVerb(pairs)
  const given = readArguments(pairs, verb)
  const token = given.get(TOKEN)
  if (token !== undefined) {
    if (given.size > 1) throw new OaiError('badArgument', `The argument ${TOKEN} must be the only one beside verb.`)
    const continued = isListVerb(verb) ? parseToken(token, verb) : null
    if (continued !== null) return continued
    throw new OaiError('badResumptionToken', 'The resumption token is not valid. Start the list again.')
  }
  for (const name of ARGUMENTS[verb].needed) {
    if (!given.get(name)) throw new OaiError('badArgument', `The argument ${name} is missing: ${verb} needs it.`)
  }
  checkSyntax(given)
  const identifier = given.get('identifier')
  if (verb === 'Identify' || verb === 'ListSets') return { verb }
  if (verb === 'ListMetadataFormats') return { verb, identifier: identifier ?? null }
  const prefix = readPrefix(given)
  if (verb === 'GetRecord') return { verb, identifier: identifier ?? '', prefix }
  const [set = null, from = null, until = null] = ['set', 'from', 'until'].map((name) => given.get(name))
  return { verb, selection: { prefix, set, from, until }, position: null }
}

function isListVerb(verb: OaiRequest['verb']): verb is ListVerb {
  return verb === 'ListIdentifiers' || verb === 'ListRecords'
}

function readVerb(pairs: readonly (readonly [string, string])[]): OaiRequest['verb'] {
  const verbs = pairs.filter(([name]) => name === 'verb')
  const [[, verb] = ['', '']] = verbs
  if (verbs.length === 0) throw new OaiError('badVerb', 'The argument verb is missing.')
  if (verbs.length > 1) throw new OaiError('badVerb', 'The argument verb is repeated.')
  if (Object.hasOwn(ARGUMENTS, verb)) return verb as OaiRequest['verb']
  const names = Object.keys(ARGUMENTS).join(', ')
  throw new OaiError('badVerb', `The verb ${JSON.stringify(verb)} is not one of ${names}.`)
}

function readArguments(pairs: readonly (readonly [string, string])[], verb: OaiRequest['verb']): Arguments {
  const known = [...ARGUMENTS[verb].needed, ...ARGUMENTS[verb].more]
  const given = new Map([['verb', verb as string]])
  for (const [name, value] of pairs) {
    if (name === 'verb' || isEcho(name, value, pairs)) continue
    if (given.has(name)) throw new OaiError('badArgument', `The argument ${name} is repeated.`)
    if (!known.includes(name)) {
      throw new OaiError('badArgument', `${verb} does not have the argument ${JSON.stringify(name)}.`)
    }
    if (FORBIDDEN.test(value)) throw new OaiError('badArgument', `The argument ${name} has a control character.`)
    given.set(name, value)
  }
  given.delete('verb')
  return given
}

/** The harvester of the Registry of Registries sends `?verb=ListRecords` a second time, question mark and all. */
function isEcho(name: string, value: string, pairs: readonly (readonly [string, string])[]): boolean {
  return name.startsWith('?') && pairs.some(([other, same]) => other === name.slice(1) && same === value)
}

const DATE = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}Z)?$/

function checkSyntax(given: Arguments): void {
  const [prefix = 'x', set = 'x', identifier = 'x:y'] = ['metadataPrefix', 'set', 'identifier'].map((name) =>
    given.get(name),
  )
  const refuse = (name: string, what: string, value: string) => {
    throw new OaiError('badArgument', `The argument ${name} is not ${what}: ${value}`)
  }
  if (!/^[A-Za-z0-9\-_.!~*'()]+$/.test(prefix)) refuse('metadataPrefix', 'a metadata prefix', prefix)
  if (!/^[A-Za-z0-9\-_.!~*'()]+(?::[A-Za-z0-9\-_.!~*'()]+)*$/.test(set)) refuse('set', 'the name of a set', set)
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:[^\s"<>\\^`{|}]+$/.test(identifier)) refuse('identifier', 'a URI', identifier)
  for (const name of ['from', 'until']) {
    const date = given.get(name)
    if (date === undefined || isDate(date)) continue
    throw new OaiError(
      'badArgument',
      `The argument ${name} is not a UTC date: ${date}. Write 2020-01-01 or 2020-01-01T00:00:00Z.`,
    )
  }
  const [from, until] = [given.get('from'), given.get('until')]
  if (from === undefined || until === undefined) return
  if (from.length !== until.length) {
    throw new OaiError('badArgument', 'The arguments from and until must both be days, or both be times.')
  }
  if (from > until) throw new OaiError('badArgument', 'The argument from is later than until.')
}

/** A day or a second that exists. */
function isDate(text: string): boolean {
  if (!DATE.test(text)) return false
  const date = new Date(text)
  return !Number.isNaN(date.getTime()) && formatInstant(date).startsWith(text)
}

function readPrefix(given: Arguments): Prefix {
  const prefix = given.get('metadataPrefix') ?? ''
  if (PREFIXES.includes(prefix)) return prefix as Prefix
  throw new OaiError('cannotDisseminateFormat', `There are the formats ${PREFIXES.join(' and ')} alone.`)
}

/** The arguments as the answer repeats them (OAI-PMH 2.0 §3.2). */
export function attributesOf(pairs: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs.filter(([name]) => !name.startsWith('?')))
}
