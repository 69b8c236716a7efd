import { isUtf8 } from 'node:buffer'

/**
 * What is wrong with the records of a pax header (POSIX.1-2024, pax, "pax Extended Header": `LENGTH KEYWORD=VALUE\n`, the
 * length in decimal and of the whole record); undefined: nothing. Tools read malformed ones differently, tar-stream stops
 * at the first without a word. NUL bytes after the last record are padding.
 */
export function complaintAboutPaxRecords(records: Uint8Array): string | undefined {
  if (!isUtf8(records)) return 'is not UTF-8'
  let rest = Buffer.from(records)
  while (rest.some((byte) => byte !== 0)) {
    const [head, digits = ''] = /^(\d{1,10}) /.exec(rest.toString('latin1', 0, 12)) ?? []
    if (head === undefined) return 'has a record without a length'
    const length = Number(digits)
    if (length > rest.length) return `has a record of ${length} bytes, longer than what is left`
    if (length <= head.length || rest[length - 1] !== NEWLINE) return 'has a record that does not end where it says'
    const [keyword = '', ...values] = rest.toString('utf8', head.length, length - 1).split('=')
    if (keyword === '' || values.length === 0) return 'has a record without a keyword or an equals sign'
    if (keyword === 'size' && !/^\d{1,15}$/.test(values.join('='))) return 'has a size that is not a number'
    rest = rest.subarray(length)
  }
  return undefined
}

const NEWLINE = 0x0a
