/** What no XML document may hold (XML 1.0 §2.2 [2]), not even escaped; half of a surrogate pair is forbidden too. */
export const FORBIDDEN = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u
const ALL_FORBIDDEN = new RegExp(FORBIDDEN, 'gu')

const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // Readers make a line feed of a carriage return that is not written as a reference (XML 1.0 §2.11).
  '\r': '&#13;',
}

/** ASCII that is written as it is: most of what documents hold, which is found faster than what has to change. */
const PLAIN = /^[ !#-%'-;=?-~]*$/

/** The text as it is written in an element or between double quotes; forbidden characters become U+FFFD. */
export function escapeXml(text: string): string {
  if (PLAIN.test(text)) return text
  return text.replace(ALL_FORBIDDEN, '\uFFFD').replace(/[&<>"\r]/g, (character) => REFERENCES[character] ?? character)
}
