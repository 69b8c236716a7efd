/** Longer names than this are an attack on a terminal, not a schema. */
const NAME_LIMIT = 1024

const REFUSED: readonly { readonly complaint: string; readonly matches: (name: string) => boolean }[] = [
  { complaint: 'is longer than 1024 characters', matches: (name) => name.length > NAME_LIMIT },
  { complaint: 'is not UTF-8', matches: (name) => name.includes('\uFFFD') },
  { complaint: 'has a control character', matches: (name) => /\p{Cc}/u.test(name) },
  { complaint: 'has a backslash', matches: (name) => name.includes('\\') },
  { complaint: 'is an absolute path', matches: (name) => name.startsWith('/') || /^[A-Za-z]:/.test(name) },
  { complaint: 'leads out of the archive by ".."', matches: (name) => name.split('/').includes('..') },
]

/** Why a name must not be used; null: it may. */
export function complaintAboutName(name: string): string | null {
  return REFUSED.find((rule) => rule.matches(name))?.complaint ?? null
}

/** `./a//b/` → `a/b`; the archive's root becomes the empty string. */
export function normaliseName(name: string): string {
  return name
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.')
    .join('/')
}

/** A name that can be shown: control characters escaped, and not longer than a line. */
export function showName(name: string): string {
  const visible = name.replace(/\p{Cc}/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
  return visible.length <= 120 ? visible : `${visible.slice(0, 117)}...`
}
