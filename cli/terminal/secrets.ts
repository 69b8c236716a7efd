const HIDDEN = '***'

/**
 * A function that blanks out, in anything that is about to be shown, the database passwords and the tokens among the
 * arguments and in the environment.
 */
export function hideSecrets(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = process.env,
): (text: string) => string {
  const words = [...args.flatMap((arg) => [arg, assignedValue(arg)]), environment.ALMAGEST_DATABASE_URL ?? '']
  const tokens = args.flatMap((arg, index) => (/^--tok/.test(arg) ? [assignedValue(arg), args[index + 1] ?? ''] : []))
  const secrets = [...words.flatMap(passwordsOf), ...tokens, environment.ALMAGEST_TOKEN ?? '']
  // A longer one first: it may hold a shorter one.
  const found = [...new Set(secrets)].filter((secret) => secret !== '').sort((a, b) => b.length - a.length)
  return (text) => found.reduce((shown, secret) => shown.replaceAll(secret, HIDDEN), text)
}

/** What stands behind the `=` of an option. */
function assignedValue(arg: string): string {
  const start = arg.startsWith('--') ? arg.indexOf('=') : -1
  return start === -1 ? '' : arg.slice(start + 1)
}

/**
 * Where people put a password: after the user of a URL, with or without its scheme, up to the last `@`, because some
 * forget to encode the one in their password; or as a parameter.
 */
const PLACES: readonly RegExp[] = [
  /^(?:[a-z][a-z0-9+.-]*:\/\/)?[^/@:\s]*:([^/?#]*)@/i,
  /^(?:[a-z][a-z0-9+.-]*:\/\/)?[^/@:\s]*:(.*)@/i,
  /\bpassword\s*=\s*'([^']*)'/i,
  /\bpassword\s*=\s*([^&#\s]*)/i,
]

/** As written and as meant. */
function passwordsOf(text: string): string[] {
  return PLACES.flatMap((place) => {
    const written = place.exec(text)?.[1] ?? ''
    return [written, decoded(written)]
  })
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
