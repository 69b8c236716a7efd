/** CRC-32C (Castagnoli, RFC 3720 §12.1) as the GCS JSON API writes it: base64 of the big-endian checksum. */
export function crc32c(content: Uint8Array): string {
  return encodeCrc32c(updateCrc32c(0, content))
}

/** Continues a checksum over the next bytes; the first call takes 0. */
export function updateCrc32c(checksum: number, bytes: Uint8Array): number {
  let value = ~checksum
  for (const byte of bytes) value = (value >>> 8) ^ (TABLE[(value ^ byte) & 0xff] ?? 0)
  return ~value >>> 0
}

export function encodeCrc32c(checksum: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(checksum)
  return bytes.toString('base64')
}

/** The polynomial 0x1EDC6F41, bits reversed. */
const POLYNOMIAL = 0x82f63b78

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1
  return value
})
