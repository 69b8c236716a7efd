import { type XmlCursor, XmlError } from './cursor.ts'

/** The encodings that are read; for both, the text is UTF-8. */
const ENCODINGS = /^(?:utf-?8|us-ascii|ascii)$/i

interface Part {
  readonly name: string
  readonly required: boolean
  /** Why a value cannot be; null: it can. */
  readonly refuse: (value: string) => string | null
}

/** XML 1.0 §2.8 [23], in this order. */
const PARTS: readonly Part[] = [
  {
    name: 'version',
    required: true,
    refuse: (value) => (/^1\.[0-9]+$/.test(value) ? null : `the XML version must be "1.0", not "${value}"`),
  },
  {
    name: 'encoding',
    required: false,
    refuse: (value) => (ENCODINGS.test(value) ? null : `the encoding must be UTF-8 or US-ASCII, not "${value}"`),
  },
  {
    name: 'standalone',
    required: false,
    refuse: (value) => (/^(?:yes|no)$/.test(value) ? null : `standalone must be "yes" or "no", not "${value}"`),
  },
]

/** Passes `<?xml version="1.0" …?>`, if the document begins with it. Throws XmlError. */
export function readDeclaration(cursor: XmlCursor): void {
  if (!/^<\?xml[ \t\r\n?]/.test(cursor.text.slice(cursor.at, cursor.at + 6))) return
  const start = cursor.at
  let rest = cursor.takeBetween('<?xml', '?>', 'the XML declaration')
  for (const { name, required, refuse } of PARTS) {
    const found = new RegExp(`^[ \\t\\r\\n]+${name}[ \\t\\r\\n]*=[ \\t\\r\\n]*(?:"([^"]*)"|'([^']*)')`).exec(rest)
    if (found === null && required) throw new XmlError(start, `the XML declaration has no ${name}`)
    if (found === null) continue
    const complaint = refuse(found[1] ?? found[2] ?? '')
    if (complaint !== null) throw new XmlError(start, complaint)
    rest = rest.slice(found[0].length)
  }
  const left = rest.trim()
  if (left !== '') throw new XmlError(start, `the XML declaration has a part that does not belong there: ${left}`)
}
