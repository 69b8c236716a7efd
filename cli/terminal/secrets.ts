const HIDDEN = '***'

/**
 * A function that blanks out, in anything that is about to be shown, the passwords of the database URLs and the tokens
 * among the arguments and in the environment.
 */
export function hideSecrets(args: readonly string[]): (text: string) => string {
  const words = args.flatMap((arg) => [arg, arg.slice(arg.indexOf('=') + 1)])
  const urls = [...words, process.env.ALMAGEST_DATABASE_URL ?? '']
  const token = args.flatMap((arg, index) => {
    if (arg === '--token') return args[index + 1] ?? ''
    return arg.startsWith('--token=') ? arg.slice('--token='.length) : ''
  })
  const secrets = [...urls.flatMap(passwordsOf), ...token, process.env.ALMAGEST_TOKEN ?? '']
  // A longer one first: it may hold a shorter one.
  const found = [...new Set(secrets)].filter((secret) => secret !== '').sort((a, b) => b.length - a.length)
  return (text) => found.reduce((shown, secret) => shown.replaceAll(secret, HIDDEN), text)
}

/** As written and as meant. A URL may hold its password in the authority or in the query. */
function passwordsOf(text: string): string[] {
  const authority = /^[a-z][a-z+]*:\/\/[^/@:]*:([^/]*)@/i.exec(text)?.[1] ?? ''
  const query = /[?&]password=([^&#]*)/i.exec(text)?.[1] ?? ''
  return [authority, query].flatMap((written) => [written, decoded(written)])
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
