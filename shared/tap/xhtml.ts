import { escapeXml } from '../xml/characters.ts'

/** A piece of a page: nothing in it has to be escaped any more. */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A template of XHTML in which every text is escaped. */
export function xhtml(
  parts: TemplateStringsArray,
  ...values: readonly (string | Markup | readonly Markup[])[]
): Markup {
  const written = values.map((value) =>
    typeof value === 'string'
      ? escapeXml(value)
      : [value]
          .flat()
          .map(({ text }) => text)
          .join('\n'),
  )
  return new Markup(parts.map((part, index) => part + (written[index] ?? '')).join(''))
}

/**
 * A whole page that browsers and readers of XML understand, without scripts.
 *
 * @param attributes of its body
 */
export function xhtmlPage(title: string, body: Markup, attributes = new Markup('')): string {
  const page = xhtml`<html xmlns="http://www.w3.org/1999/xhtml" lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body${attributes}>
<main>
${body}
</main>
</body>
</html>
`
  return `<!DOCTYPE html>\n${page.text}`
}

const STYLE = new Markup(`
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 50rem; padding: 0 1rem }
pre { background: color-mix(in srgb, currentColor 8%, transparent); overflow-x: auto; padding: .75rem }
`)

/** What a browser needs for the page, and nothing else. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
}
