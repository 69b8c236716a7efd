/** A folder, notebook or page of the tutorials repository; `path` is relative to its root, with slashes. */
export type TutorialItem = TutorialFolder | TutorialFile

export interface TutorialFolder {
  readonly type: 'folder'
  readonly name: string
  readonly path: string
  readonly title: string
  /** In the order of a menu; never empty. */
  readonly items: readonly TutorialItem[]
}

export interface TutorialFile {
  /** `page`: Markdown. */
  readonly type: 'notebook' | 'page'
  readonly name: string
  readonly path: string
  readonly title: string
}

/** The menu of a tutorials repository, as `almagest tutorials` writes it. */
export interface TutorialMenu {
  readonly items: readonly TutorialItem[]
}

/**
 * Reads the file that `almagest tutorials` wrote. Members that are not known are left out.
 *
 * @throws SyntaxError, TypeError saying where it is not a menu
 */
export function parseTutorialMenu(text: string): TutorialMenu {
  const menu: unknown = JSON.parse(text)
  return { items: readItems(memberOf(menu, 'items', 'the menu'), 'items') }
}

function readItems(value: unknown, where: string): TutorialItem[] {
  if (!Array.isArray(value)) throw new TypeError(`${where} must be a list`)
  return value.map((item, index) => readItem(item, `${where}.${index}`))
}

function readItem(value: unknown, where: string): TutorialItem {
  const text = (name: string) => {
    const member = memberOf(value, name, where)
    if (typeof member !== 'string') throw new TypeError(`${where}.${name} must be a text`)
    return member
  }
  const [type, name, path, title] = [text('type'), text('name'), text('path'), text('title')]
  if (type === 'notebook' || type === 'page') return { type, name, path, title }
  if (type !== 'folder') throw new TypeError(`${where}.type must be folder, notebook or page`)
  return { type, name, path, title, items: readItems(memberOf(value, 'items', where), `${where}.items`) }
}

function memberOf(value: unknown, name: string, where: string): unknown {
  if (typeof value !== 'object' || value === null) throw new TypeError(`${where} must be an object`)
  return (value as Readonly<Record<string, unknown>>)[name]
}
