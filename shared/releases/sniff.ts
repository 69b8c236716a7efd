import { isUtf8 } from 'node:buffer'

/** How many first bytes `describeContent` wants to see. */
export const SNIFF_BYTES = 512

interface Look {
  readonly what: string
  readonly matches: (start: Buffer, text: string) => boolean
}

const LOOKS: readonly Look[] = [
  { what: 'an empty file', matches: (start) => start.length === 0 },
  { what: 'gzip', matches: (start) => beginsWith(start, 0x1f, 0x8b) },
  { what: 'a zip file', matches: (start) => beginsWith(start, 0x50, 0x4b) },
  { what: 'a bzip2 file', matches: (start) => beginsWith(start, 0x42, 0x5a, 0x68) },
  { what: 'an xz file', matches: (start) => beginsWith(start, 0xfd, 0x37, 0x7a, 0x58, 0x5a) },
  { what: 'a zstd file', matches: (start) => beginsWith(start, 0x28, 0xb5, 0x2f, 0xfd) },
  { what: 'an uncompressed tar file', matches: (start) => start.toString('latin1', 257, 262) === 'ustar' },
  { what: 'an HTML page', matches: (_, text) => /^\s*(<!doctype html|<html)/i.test(text) },
  { what: 'an XML document', matches: (_, text) => /^\s*<(\?xml|[A-Za-z])/.test(text) },
  { what: 'a JSON document', matches: (_, text) => /^\s*[{[]/.test(text) },
  { what: 'a YAML file', matches: (_, text) => /^\s*(#|---|%YAML|["']?[@\w]+["']?:(\s|$))/.test(text) },
  { what: 'a text file', matches: (start) => isUtf8(start) && !start.includes(0) },
]

/** What content looks like, from its first `SNIFF_BYTES`, in words for an error message. */
export function describeContent(start: Buffer): string {
  const text = start.toString('latin1').replace(/^ï»¿/, '')
  return LOOKS.find((look) => look.matches(start, text))?.what ?? 'binary data of an unknown kind'
}

function beginsWith(start: Buffer, ...magic: readonly number[]): boolean {
  return magic.every((byte, index) => start[index] === byte)
}
