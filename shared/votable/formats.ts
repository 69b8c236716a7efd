export type Serialization = 'binary2' | 'tabledata' | 'csv' | 'tsv' | 'parquet'

/** A format as capabilities list it (TAPRegExt 1.0 §2.4). */
export interface ResultFormat {
  readonly serialization: Serialization
  /** The media type, as it is answered where an alias was asked. */
  readonly mediaType: string
  /** Short names, in lower case. */
  readonly aliases: readonly string[]
  /** The identifier of the standard, where it has one. */
  readonly ivoId?: string
  /** Of a file, without the dot. */
  readonly extension: string
}

const TAPREGEXT = 'ivo://ivoa.net/std/TAPRegExt'

/** Every format; the first is what a request without one gets. */
export const FORMATS: readonly [ResultFormat, ...ResultFormat[]] = [
  { serialization: 'binary2', mediaType: 'application/x-votable+xml', aliases: ['votable'], extension: 'vot' },
  {
    serialization: 'binary2',
    mediaType: 'application/x-votable+xml;serialization=BINARY2',
    aliases: ['votable/b2'],
    ivoId: `${TAPREGEXT}#output-votable-binary2`,
    extension: 'vot',
  },
  {
    serialization: 'tabledata',
    mediaType: 'application/x-votable+xml;serialization=TABLEDATA',
    aliases: ['votable/td'],
    ivoId: `${TAPREGEXT}#output-votable-td`,
    extension: 'vot',
  },
  { serialization: 'binary2', mediaType: 'text/xml', aliases: [], extension: 'vot' },
  { serialization: 'csv', mediaType: 'text/csv;header=present;charset=utf-8', aliases: ['csv'], extension: 'csv' },
  { serialization: 'tsv', mediaType: 'text/tab-separated-values;charset=utf-8', aliases: ['tsv'], extension: 'tsv' },
  {
    serialization: 'parquet',
    mediaType: 'application/vnd.apache.parquet',
    aliases: ['parquet'],
    extension: 'parquet',
  },
]

export interface ChosenFormat {
  readonly serialization: Serialization
  readonly contentType: string
  readonly extension: string
}

/**
 * The format that RESPONSEFORMAT or FORMAT asks for; null: there is none like that. A media type is answered as it was
 * asked, an alias with the media type that it stands for (DALI 1.1 §3.4.3).
 */
export function chooseFormat(text: string | undefined): ChosenFormat | null {
  const asked = (text ?? '').trim()
  const alias = asked.toLowerCase()
  const format = asked === '' ? FORMATS[0] : FORMATS.find(({ aliases }) => aliases.includes(alias))
  if (format !== undefined) return chosen(format, format.mediaType)
  const mediaType = parseMediaType(asked)
  const fitting = FORMATS.find((candidate) => isAnsweredBy(mediaType, parseMediaType(candidate.mediaType)))
  return fitting === undefined ? null : chosen(fitting, formatMediaType(mediaType))
}

/** The formats by their names, for the message about one that is not there. */
export function listFormats(): string {
  return FORMATS.map(({ mediaType, aliases: [alias] }) => alias ?? mediaType).join(', ')
}

function chosen({ serialization, extension }: ResultFormat, contentType: string): ChosenFormat {
  return { serialization, contentType, extension }
}

interface MediaType {
  /** `type/subtype`, in lower case. */
  readonly type: string
  /** Names in lower case, values as they were written. */
  readonly parameters: readonly (readonly [name: string, value: string])[]
}

function parseMediaType(text: string): MediaType {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim())
  return {
    // The "+" of a URL that was not encoded arrives as a blank.
    type: type.toLowerCase().replace('x-votable xml', 'x-votable+xml'),
    parameters: parameters.map((parameter) => {
      const [name = '', ...value] = parameter.split('=')
      return [
        name.trim().toLowerCase(),
        value
          .join('=')
          .trim()
          .replace(/^"(.*)"$/, '$1'),
      ] as const
    }),
  }
}

function formatMediaType({ type, parameters }: MediaType): string {
  return [type, ...parameters.map(([name, value]) => `${name}=${value}`)].join(';')
}

/** Whether the type is the same, and the format has every parameter that is asked. All is written in UTF-8. */
function isAnsweredBy(asked: MediaType, format: MediaType): boolean {
  const offered = [...format.parameters, ['charset', 'utf-8'] as const]
  return (
    asked.type === format.type &&
    asked.parameters.every(([name, value]) =>
      offered.some((parameter) => parameter[0] === name && parameter[1].toLowerCase() === value.toLowerCase()),
    )
  )
}
