/** A part of a template: text as it is, or something of the record. */
export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'key'; readonly key: 'scope' | 'name'; readonly url: boolean }
  | { readonly kind: 'column'; readonly column: string; readonly url: boolean }
  | { readonly kind: 'member'; readonly path: readonly string[]; readonly url: boolean }

const PLACEHOLDER = /\$\{([^{}]*)\}/g

/** Reads `…${scope|url}/${@column}/${member/of/document}…`. A string: what is wrong with it. */
export function parseTemplate(template: string): readonly TemplatePart[] | string {
  const parts: TemplatePart[] = []
  let end = 0
  for (const match of template.matchAll(PLACEHOLDER)) {
    if (match.index > end) parts.push({ kind: 'text', text: template.slice(end, match.index) })
    const part = parsePlaceholder(match[1] ?? '')
    if (typeof part === 'string') return part
    parts.push(part)
    end = match.index + match[0].length
  }
  if (end < template.length) parts.push({ kind: 'text', text: template.slice(end) })
  const stray = parts.find((part) => part.kind === 'text' && part.text.includes('${'))
  return stray === undefined ? parts : 'has a placeholder without its end'
}

function parsePlaceholder(written: string): TemplatePart | string {
  const [what = '', ...filters] = written.split('|')
  if (filters.length > 1 || (filters.length === 1 && filters[0] !== 'url')) {
    return `has \${${written}}: only |url can stand behind a part`
  }
  const url = filters.length === 1
  if (what === 'scope' || what === 'name') return { kind: 'key', key: what, url }
  if (what.startsWith('@')) return { kind: 'column', column: what.slice(1), url }
  const path = what.split('/')
  return path.includes('') ? `has \${${written}}, which names nothing` : { kind: 'member', path, url }
}
