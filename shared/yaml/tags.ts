import type { DocumentDirective } from 'js-yaml'
import { YamlError } from './yaml-error.ts'

const CORE_PREFIX = 'tag:yaml.org,2002:'

/** Which collections a tag may stand before. */
const COLLECTION_TAGS: ReadonlyMap<string, 'list' | 'map'> = new Map([
  [`${CORE_PREFIX}map`, 'map'],
  [`${CORE_PREFIX}seq`, 'list'],
  [`${CORE_PREFIX}set`, 'map'],
  [`${CORE_PREFIX}omap`, 'list'],
  [`${CORE_PREFIX}pairs`, 'list'],
])

/** Whether a tag of YAML's own may stand before a collection; the lone `!` may stand before any. */
export function isCollectionTag(tag: string, type: 'list' | 'map'): boolean {
  return tag === '!' || COLLECTION_TAGS.get(tag) === type
}

/** `!!int` of YAML 1.1 without its prefix: `int`; other tags stay as they are. */
export function tagOfType(tag: string): string {
  return tag.startsWith(CORE_PREFIX) ? tag.slice(CORE_PREFIX.length) : tag
}
const WRITTEN = /^(?:!<(?<verbatim>[^>]*)>|(?<handle>!(?:[0-9A-Za-z_-]*!)?)(?<suffix>.*))$/s

/** The whole name of a tag as it is written between two offsets; `!` alone stays so. */
export function resolveTag(text: string, start: number, end: number, directives: readonly DocumentDirective[]): string {
  const written = text.slice(start, end)
  const isDelimited = !/^[,[\]{}]/.test(text.charAt(end))
  if (written === '!' && isDelimited) return written
  const { verbatim, handle = '!', suffix = '' } = WRITTEN.exec(written)?.groups ?? {}
  const name = verbatim ?? suffix
  // PyYAML takes what follows for a part of the tag.
  if (name === '' || !isDelimited) {
    throw new YamlError(start, 'yaml_tag', 'a tag must have a name, and a space behind it')
  }
  try {
    return (verbatim === undefined ? prefixOf(handle, directives) : '') + decodeURIComponent(name)
  } catch {
    throw new YamlError(start, 'yaml_tag', 'the tag has a broken % escape')
  }
}

function prefixOf(handle: string, directives: readonly DocumentDirective[]): string {
  for (const directive of directives) {
    if (directive.kind === 'tag' && directive.handle === handle) return decodeURIComponent(directive.prefix)
  }
  return handle === '!!' ? CORE_PREFIX : handle
}
