import { expect, test } from 'vitest'
import { formatAvailability } from '../../shared/tap/availability.ts'

test('availability has the members of the standard in their order', () => {
  const text = formatAvailability({ available: true, upSince: '2026-01-01T00:00:00.000Z', notes: ['one', 'two'] })
  expect(text).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<availability xmlns="http://www.ivoa.net/xml/VOSIAvailability/v1.0">
  <available>true</available>
  <upSince>2026-01-01T00:00:00.000Z</upSince>
  <note>one</note>
  <note>two</note>
</availability>
`)
})

test('a note cannot end the element, nor hold what XML has no place for', () => {
  const text = formatAvailability({ available: false, notes: ['</note> & "x" \0 \u001b \uD800 \uFFFF 😀'] })
  expect(text).toContain('<note>&lt;/note&gt; &amp; &quot;x&quot; \uFFFD \uFFFD \uFFFD \uFFFD 😀</note>')
})
