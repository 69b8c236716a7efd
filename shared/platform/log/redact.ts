/** Takes passwords and tokens out of a text: URLs with a password, `password=…`, bearer tokens. */
export function redactText(text: string): string {
  return REPLACEMENTS.reduce((redacted, [pattern, replacement]) => redacted.replace(pattern, replacement), text)
}

/** Whether a field of this name holds a secret: `password`, `dbPassword`, `access_token`, `Authorization` … */
export function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[^a-z]/g, '')
  return SECRET_ENDINGS.some((ending) => plain.endsWith(ending))
}

export const REDACTED = '[redacted]'

const SECRET_ENDINGS = [
  'password',
  'passwd',
  'passphrase',
  'secret',
  'token',
  'authorization',
  'cookie',
  'credentials',
  'apikey',
  'privatekey',
]

const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  // Up to the last @, because people forget to encode the one in their password; digits before a slash are a port.
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/?#:@"'<>]*:)(?!\d{1,5}(?:[/?#\s"',)]|$))[^\s"'<>]*@/gi, `$1${REDACTED}@`],
  [
    /(\b(?:ssl)?(?:password|passwd|passphrase|access_token|client_secret)["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s&,;]+)/gi,
    `$1${REDACTED}`,
  ],
  [/\b(Bearer\s+)[\w.~+/-]+=*/gi, `$1${REDACTED}`],
]
