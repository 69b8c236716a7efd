import { expect, test } from 'vitest'
import { crc32c, encodeCrc32c, updateCrc32c } from '../../shared/platform/storage/crc32c.ts'

test.each([
  ['nothing', Buffer.alloc(0), 0],
  ['the digits that checksums are compared by', Buffer.from('123456789'), 0xe3069283],
  // RFC 3720, appendix B.4.
  ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
  ['32 bytes of ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['0 to 31', Buffer.from(Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e],
  ['31 to 0', Buffer.from(Array.from({ length: 32 }, (_, index) => 31 - index)), 0x113fdb5c],
])('the checksum of %s', (_, content, checksum) => {
  expect(updateCrc32c(0, content)).toBe(checksum)
  expect(crc32c(content)).toBe(encodeCrc32c(checksum))
  for (let cut = 0; cut <= content.length; cut++) {
    const first = updateCrc32c(0, content.subarray(0, cut))
    expect(updateCrc32c(first, content.subarray(cut))).toBe(checksum)
  }
})
