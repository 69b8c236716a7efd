import { describe, expect, it } from 'vitest'
import { findXmlFault } from '../../shared/xml/find-fault.ts'

const WELL_FORMED: readonly (readonly [what: string, text: string])[] = [
  ['an empty element', '<a/>'],
  [
    'a declaration, comments, instructions and white space around',
    '<?xml version="1.0" encoding="UTF-8"?>\n<!-- c -->\n<?pi some thing?>\n<a/>\n<!---->\r\n',
  ],
  ['single quotes in the declaration', "<?xml version='1.0' standalone = 'yes' ?><a/>"],
  ['US-ASCII', '<?xml version="1.0" encoding="US-ASCII"?><a/>'],
  ['a byte order mark', '\ufeff<?xml version="1.0"?><a/>'],
  ['nested elements with text', '<a>x<b>y</b>z<b/></a >'],
  ['attributes in both quotes', `<a b="it's" c='"' d = "1"\n e="&lt;&#10;&#x1F52D;"/>`],
  ['a greater-than sign', '<a b=">">x > y</a>'],
  [
    'references',
    '<a>&amp;&lt;&gt;&apos;&quot;&#65;&#x41;&#000000000000000000000000000000000000000000000000000000000000000065;</a>',
  ],
  ['a CDATA section', '<a><![CDATA[<b> && ]] > ]]></a>'],
  ['brackets in text', '<a>]] ></a>'],
  ['names of many alphabets', '<größe ά-1.x="1"/>'],
  ['characters beyond the first plane', '<a>🔭</a>'],
  ['declared prefixes', '<x:a xmlns:x="u:x" x:b="1" xml:lang="en"><x:c/></x:a>'],
  ['a prefix that another element declares again', '<a xmlns:x="u:1"><b xmlns:x="u:2" x:c=""/><x:d/></a>'],
  ['the same attribute name in two namespaces', '<a xmlns:x="u:1" xmlns:y="u:2" b="" x:b="" y:b=""/>'],
  ['a variable of a template', '<a name="$x$">$y$</a>'],
]

// The offset is where the fault shows.
const FAULTS: readonly (readonly [text: string, offset: number, message: RegExp])[] = [
  ['', 0, /no element/],
  ['<!-- only -->', 13, /no element/],
  ['text<a/>', 0, /outside the root/],
  ['<a/>text', 4, /outside the root/],
  ['<a/>&amp;', 4, /outside the root/],
  ['<a/><![CDATA[x]]>', 4, /outside the root/],
  ['<a/><b/>', 4, /second root/],
  ['<a>', 0, /never closed/],
  ['<a><b></b>', 0, /<a> is never closed/],
  ['</a>', 0, /not open/],
  ['<a></b>', 3, /<\/a> is expected/],
  ['<a><b></a></b>', 6, /<\/b> is expected/],
  ['<a></a', 6, /not complete/],
  ['<a', 0, /not complete/],
  ['<a b="1"', 0, /not complete/],
  ['<a b>', 4, /has no value/],
  ['<a b=1/>', 5, /not in quotes/],
  ['<a b="1/>', 5, /never closed/],
  ['<a b="1"c="2"/>', 8, /white space/],
  ['<a b="1" b="2"/>', 9, /twice/],
  ['<a b="<"/>', 6, /&lt;/],
  ['<1a/>', 1, /name of an element/],
  ['< a/>', 1, /name of an element/],
  ['<a -b="1"/>', 3, /name of an attribute/],
  ['<a>&</a>', 3, /&amp;/],
  ['<a>&amp</a>', 3, /&amp;/],
  ['<a>& b;</a>', 3, /&amp;/],
  ['<a b="x&y"/>', 7, /&amp;/],
  ['<a>&nbsp;</a>', 3, /not declared/],
  ['<a>&constructor;</a>', 3, /not declared/],
  ['<a b="&toString;"/>', 6, /not declared/],
  ['<a>&#0;</a>', 3, /no character/],
  ['<a>&#x110000;</a>', 3, /no character/],
  ['<a>&#xD800;</a>', 3, /no character/],
  ['<a>&#-65;</a>', 3, /begins no reference/],
  ['<a>&#X41;</a>', 3, /begins no reference/],
  ['<a>x]]>y</a>', 4, /\]\]&gt;/],
  ['<a><!-- -- --></a>', 8, /"--"/],
  ['<a><!-- ---></a>', 3, /--->/],
  ['<a><!-- </a>', 3, /never closed/],
  ['<a><![CDATA[</a>', 3, /never closed/],
  ['<a><?pi </a>', 3, /never closed/],
  ['<a><!ELEMENT></a>', 3, /neither a comment nor/],
  ['<!DOCTYPE a><a/>', 0, /document types/],
  ['<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 0, /document types/],
  [' <?xml version="1.0"?><a/>', 1, /very start/],
  ['<a><?XML x?></a>', 3, /very start/],
  ['<a><??></a>', 3, /cannot be called/],
  ['<a><?1 ?></a>', 3, /cannot be called/],
  ['<?xml encoding="UTF-8"?><a/>', 0, /no version/],
  ['<?xml version="2.0"?><a/>', 0, /version must be/],
  ['<?xml version="1.0" encoding="ISO-8859-1"?><a/>', 0, /encoding must be/],
  ['<?xml version="1.0" encoding="UTF-16"?><a/>', 0, /encoding must be/],
  ['<?xml version="1.0" standalone="maybe"?><a/>', 0, /standalone must be/],
  ['<?xml version="1.0" standalone="yes" encoding="UTF-8"?><a/>', 0, /does not belong/],
  ['<?xml version="1.0"encoding="UTF-8"?><a/>', 0, /does not belong/],
  ['<?xml version="1.0"', 0, /never closed/],
  ['<a>\x01</a>', 3, /U\+0001/],
  ['<a>\ufffe</a>', 3, /U\+FFFE/],
  ['<a>\ud83d</a>', 3, /U\+D83D/],
  ['<x:a/>', 0, /prefix x: of x:a is not declared/],
  ['<a x:b="1"/>', 3, /not declared/],
  ['<a><b xmlns:x="u:x"/><x:c/></a>', 21, /not declared/],
  ['<a:b:c/>', 0, /not a name with a prefix/],
  ['<x: xmlns:x="u"/>', 0, /not a name with a prefix/],
  ['<x:-a xmlns:x="u"/>', 0, /not a name with a prefix/],
  ['<a xmlns:x=""/>', 3, /cannot declare/],
  ['<a xmlns:xml="u:other"/>', 3, /cannot declare/],
  ['<a xmlns:xmlns="u:x"/>', 3, /cannot declare/],
  ['<a xmlns:xmlns="http://www.w3.org/2000/xmlns/"/>', 3, /cannot declare/],
  ['<a xmlns="http://www.w3.org/XML/1998/namespace"/>', 3, /cannot declare/],
  ['<a xmlns:x="u" x:1="b"/>', 15, /not a name with a prefix/],
  ['<a xmlns:x="u" xmlns:y="u" x:b="" y:b=""/>', 34, /by its namespace/],
]

describe('well-formed XML', () => {
  it.each(WELL_FORMED)('%s', (_, text) => {
    expect(findXmlFault(text)).toBeNull()
  })

  it('with elements 256 deep', () => {
    expect(findXmlFault(`${'<a>'.repeat(256)}${'</a>'.repeat(256)}`)).toBeNull()
  })
})

describe('XML that is not well-formed', () => {
  it('elements nested deeper than that have a fault where the first of them begins', () => {
    const depth = 50_000
    const message = 'elements are nested more than 256 deep'
    expect(findXmlFault(`${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}`)).toEqual({ offset: 256 * 3, message })
  })

  it.each(FAULTS)('%j has a fault at %i', (text, offset, message) => {
    expect(findXmlFault(text)).toEqual({ offset, message: expect.stringMatching(message) })
  })
})
