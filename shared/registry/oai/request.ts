import { FORBIDDEN } from '../../xml/characters.ts'
import { isDate, isPrefix, SYNTAX } from './arguments.ts'
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

/** U+FFFD is what became of bytes that are not UTF-8. */
const isUnreadable = (text: string) => FORBIDDEN.test(text) || text.includes('\ufffd')

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
  throw new OaiError('badVerb', `The verb ${quote(verb)} is not one of ${names}.`)
}

function readArguments(pairs: readonly (readonly [string, string])[], verb: OaiRequest['verb']): Arguments {
  const known = [...ARGUMENTS[verb].needed, ...ARGUMENTS[verb].more]
  const given = new Map([['verb', verb as string]])
  for (const [name, value] of pairs) {
    if (name === 'verb' || isEcho(name, value, pairs)) continue
    if (given.has(name)) throw new OaiError('badArgument', `The argument ${name} is repeated.`)
    if (!known.includes(name)) {
      throw new OaiError('badArgument', `${verb} does not have the argument ${quote(name)}.`)
    }
    if (isUnreadable(value)) {
      throw new OaiError('badArgument', `The argument ${name} has a control character, or is not text in UTF-8.`)
    }
    given.set(name, value)
  }
  given.delete('verb')
  return given
}

/** The harvester of the Registry of Registries sends `?verb=ListRecords` a second time, question mark and all. */
function isEcho(name: string, value: string, pairs: readonly (readonly [string, string])[]): boolean {
  return name.startsWith('?') && pairs.some(([other, same]) => other === name.slice(1) && same === value)
}

function checkSyntax(given: Arguments): void {
  for (const [name, { fits, what }] of Object.entries(SYNTAX)) {
    const value = given.get(name)
    if (value === undefined || fits(value)) continue
    throw new OaiError('badArgument', `The argument ${name} is not ${what}: ${quote(value)}.`)
  }
  for (const name of ['from', 'until']) {
    const date = given.get(name)
    if (date === undefined || isDate(date)) continue
    const example = 'Write 2020-01-01 or 2020-01-01T00:00:00Z.'
    throw new OaiError('badArgument', `The argument ${name} is not a UTC date: ${quote(date)}. ${example}`)
  }
  const [from, until] = [given.get('from'), given.get('until')]
  if (from === undefined || until === undefined) return
  if (from.length !== until.length) {
    throw new OaiError('badArgument', 'The arguments from and until must both be days, or both be times.')
  }
  if (from > until) throw new OaiError('badArgument', 'The argument from is later than until.')
}

/** What was sent, as long as a message may be. */
function quote(text: string): string {
  return JSON.stringify(text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`)
}

const SHOWN = 100

function readPrefix(given: Arguments): Prefix {
  const prefix = given.get('metadataPrefix') ?? ''
  if (isPrefix(prefix)) return prefix
  throw new OaiError('cannotDisseminateFormat', 'There are the formats ivo_vor and oai_dc alone.')
}

/** The arguments as the answer repeats them (OAI-PMH 2.0 §3.2). */
export function attributesOf(pairs: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs.filter(([name]) => !name.startsWith('?')))
}
