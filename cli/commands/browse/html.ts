import { showControlsInLines } from '../../../shared/printable.ts'

/** Text that is HTML already. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Part = Html | readonly Html[] | string | number | null

/** A template of HTML: what is put into it is text, unless it is HTML itself; null is nothing. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(texts.reduce((before, text, index) => `${before}${write(parts[index - 1] ?? null)}${text}`))
}

function write(part: Part): string {
  if (part === null) return ''
  if (part instanceof Html) return part.text
  if (Array.isArray(part)) return part.map(({ text }: Html) => text).join('')
  return escapeHtml(String(part))
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** No text becomes markup, and none changes the direction in which what stands around it is read. */
function escapeHtml(text: string): string {
  return showControlsInLines(text).replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign)
}
