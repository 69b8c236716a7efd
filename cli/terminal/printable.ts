const CONTROL = /\p{Cc}/gu

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * The text on one line, with control characters shown instead of sent: a description from a file must not be able to
 * move the cursor or to break a table.
 */
export function showControls(text: string): string {
  return text.replace(CONTROL, (found) => SHORT[found] ?? `\\x${hex(found)}`)
}

/** The same for text that is laid out in lines by us. */
export function showControlsInLines(text: string): string {
  return text.split('\n').map(showControls).join('\n')
}

function hex(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')
}
