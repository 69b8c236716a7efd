/**
 * Characters that steer a terminal or change how a line reads: control characters, the controls of bidirectional text, and
 * Unicode's own line and paragraph separators.
 */
export const STEERING = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u
const ALL_STEERING = new RegExp(STEERING, 'gu')

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * The text on one line, with such characters shown instead of sent: a name or description from a file must not be able to
 * move the cursor, to break a table, or to look like another one.
 */
export function showControls(text: string): string {
  return text.replace(ALL_STEERING, (found) => {
    const code = hex(found)
    return SHORT[found] ?? (code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`)
  })
}

/** The same for text that is laid out in lines by us. */
export function showControlsInLines(text: string): string {
  return text.split('\n').map(showControls).join('\n')
}

/** A JSON text that says the same without such characters, apart from the line breaks and tabs of its layout. */
export function escapeJson(json: string): string {
  return json.replace(ALL_STEERING, (found) => (/[\n\t]/.test(found) ? found : `\\u${hex(found).padStart(4, '0')}`))
}

function hex(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16)
}
