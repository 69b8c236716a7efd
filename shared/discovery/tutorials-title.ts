/**
 * The title of a notebook: the first heading of its Markdown cells (nbformat 3 and 4). null: it has none.
 *
 * @throws SyntaxError, TypeError for what is not a notebook
 */
export function findNotebookTitle(text: string): string | null {
  const notebook: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
  for (const cell of cellsOf(notebook)) {
    if (cell.cell_type === 'heading') return plainText(sourceOf(cell)) || null
    const title = cell.cell_type === 'markdown' ? findPageTitle(sourceOf(cell)) : null
    if (title !== null) return title
  }
  return null
}

/** The first heading of a Markdown text, without its markup, or the `title` of its front matter. null: it has none. */
export function findPageTitle(text: string): string | null {
  const { title, body } = splitFrontMatter(text.replace(/^\uFEFF/, ''))
  if (title !== null) return title
  let fence: string | null = null
  let before = ''
  for (const line of body.replace(/<!--[\s\S]*?(?:-->|$)/g, '').split(/\r\n|\n|\r/)) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1]
    if (fence === null) {
      const heading = /^ {0,3}#{1,6}(?:[ \t]+(.*))?$/.exec(line)?.[1] ?? /<h[1-6][^>]*>(.*?)<\/h[1-6]>/i.exec(line)?.[1]
      const title = plainText(heading ?? (/^ {0,3}(?:=+|-+)[ \t]*$/.test(line) ? before : ''))
      if (title !== '') return title
      if (mark !== undefined) fence = mark
    } else if (mark?.startsWith(fence) === true && line.trim() === mark) fence = null
    // A list item, quotation or code above a line of dashes is no heading.
    before = fence === null && mark === undefined && !/^(?: {4}|\t| {0,3}(?:[-*+>|]|\d+[.)]))/.test(line) ? line : ''
  }
  return null
}

/** What is shown of a file or folder without a title: `01_first-steps.ipynb` is `01 first-steps`. */
export function titleOfName(name: string): string {
  const stem = name.replace(/\.(?:ipynb|md)$/i, '')
  return stem.replaceAll('_', ' ').replace(/\s+/g, ' ').trim() || name
}

interface Cell {
  readonly cell_type?: unknown
  readonly source?: unknown
}

function cellsOf(notebook: unknown): readonly Cell[] {
  const members = notebook as { readonly cells?: unknown; readonly worksheets?: unknown } | null
  if (typeof members !== 'object' || members === null) throw new TypeError('a notebook is a JSON object')
  const sheets = Array.isArray(members.worksheets) ? members.worksheets : [members]
  const cells: unknown[] = sheets.flatMap((sheet: { readonly cells?: unknown } | null) => sheet?.cells ?? [])
  if (members.cells === undefined && members.worksheets === undefined) throw new TypeError('a notebook has cells')
  return cells.filter((cell): cell is Cell => typeof cell === 'object' && cell !== null)
}

/** A text, or a list of lines with their line breaks. */
function sourceOf({ source }: Cell): string {
  const parts: readonly unknown[] = Array.isArray(source) ? source : [source]
  return parts.filter((part) => typeof part === 'string').join('')
}

function splitFrontMatter(text: string): { readonly title: string | null; readonly body: string } {
  const found = /^---[ \t]*\r?\n([\s\S]*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/.exec(text)
  if (found === null) return { title: null, body: text }
  const title = /^title:[ \t]*(.+?)[ \t]*$/m.exec(found[1] ?? '')?.[1] ?? ''
  const unquoted = title.replace(/^(["'])(.*)\1$/, '$2')
  return { title: plainText(unquoted) || null, body: text.slice(found[0].length) }
}

function plainText(markdown: string): string {
  return markdown
    .replace(/[ \t]+#+[ \t]*$/, '')
    .replace(/!\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/<[^>]*>/g, '')
    .replace(/(\*\*|__)(?=\S)(.+?)\1/g, '$2')
    .replace(/(?<![\w*])([*_])(?=\S)(.+?)(?<=\S)\1(?![\w*])/g, '$2')
    .replace(/`+([^`]*)`+/g, '$1')
    .replace(/\\([!-/:-@[-`{-~])/g, '$1')
    .replace(/\s+/g, ' ')
    .trim()
}
