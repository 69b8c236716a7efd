import fc from 'fast-check'
import { SaxesParser } from 'saxes'
import { describe, expect, it } from 'vitest'
import { findXmlFault } from '../../shared/xml/find-fault.ts'
import { XmlWriter } from '../../shared/xml/writer.ts'

describe('XmlWriter', () => {
  it('writes elements in lines, indented by their depth', () => {
    const writer = new XmlWriter()
      .open('a', { xmlns: 'u:a', none: undefined, nothing: null, zero: 0, no: false, empty: '' })
      .element('b', { c: 'd' })
      .open('e')
      .element('f', {}, 'text')
      .element('g', {}, 12n)
      .textElement('h', 0)
      .textElement('i', '')
      .textElement('j', null)
      .close()
      .xml('<k/>')
      .close()
    expect(writer.take()).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<a xmlns="u:a" zero="0" no="false" empty="">
  <b c="d"/>
  <e>
    <f>text</f>
    <g>12</g>
    <h>0</h>
    <i/>
  </e>
  <k/>
</a>
`)
  })

  it('gives a document in parts', () => {
    const writer = new XmlWriter('').open('a').open('b')
    const parts = [writer.take(), writer.close().close().take(), writer.take()]
    expect(parts).toEqual(['<a>\n  <b>\n', '  </b>\n</a>\n', ''])
  })

  it('refuses to close what is not open', () => {
    expect(() => new XmlWriter().open('a').close().close()).toThrow('no element is open')
  })

  it('keeps every text and attribute that XML can hold, and replaces what it cannot', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        unit: fc.constantFrom('\t', '\n', '\r', '\0', '\ud800', '\uffff', '&', '<', '>', '"', "'", ']', 'ä'),
      }),
    )
    fc.assert(
      fc.property(text, text, (content, attribute) => {
        const document = new XmlWriter().open('r').element('e', { a: attribute }, content).close().take()
        expect(findXmlFault(document)).toBeNull()
        expect(readElement(document)).toEqual({ text: replaced(content), attribute: replaced(attribute) })
      }),
    )
  })
})

/** The element `e` of a document as a reader has it. */
function readElement(document: string): { text: string; attribute: string | undefined } {
  const parser = new SaxesParser()
  const read: { text: string; attribute: string | undefined } = { text: '', attribute: undefined }
  let inside = false
  parser.on('opentag', ({ name, attributes }) => {
    inside = name === 'e'
    if (inside) read.attribute = attributes.a
  })
  parser.on('text', (text) => {
    if (inside) read.text += text
  })
  parser.on('closetag', () => {
    inside = false
  })
  parser.write(document).close()
  return read
}

/** XML 1.0 §2.2, character by character. */
function replaced(text: string): string {
  return Array.from(text, (character) => {
    const code = character.codePointAt(0)!
    const fits = code >= 0x20 ? code < 0xd800 || (code > 0xdfff && code !== 0xfffe && code !== 0xffff) : false
    return fits || '\t\n\r'.includes(character) ? character : '\ufffd'
  }).join('')
}
