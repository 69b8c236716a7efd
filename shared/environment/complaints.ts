import { complaintAboutName, normaliseName } from '../releases/entry-name.ts'
import { complaintAboutTemplate, complaintAboutVersion } from '../releases/naming.ts'

const POSTGRES_NAME_BYTES = 63

/** Each function says why a text cannot be what it is meant for, as the end of a sentence about it; null: it can. */

export function complaintAboutEmpty(text: string): string | null {
  if (text.trim() === '') return 'is empty'
  return /\p{Cc}/u.test(text) ? 'has a control character' : null
}

export function complaintAboutBucket(bucket: string): string | null {
  if (bucket.startsWith('gs://')) return 'must be the name alone, without gs://'
  const legal = /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(bucket)
  return legal
    ? null
    : 'is not a valid bucket name: 3 to 222 of a-z, 0-9, "-", "_" and ".", a letter or digit at both ends'
}

export function complaintAboutPrefix(prefix: string): string | null {
  return complaintAboutVersion(prefix.replace(/\/$/, '')) ?? (/[{}]/.test(prefix) ? 'has braces' : null)
}

export function complaintAboutObjectTemplate(template: string): string | null {
  return complaintAboutTemplate(normaliseTemplate(template))
}

/** Both names of the placeholder occur in Repertoire's configurations. */
export function normaliseTemplate(template: string): string {
  return template.replaceAll('{schemaVersion}', '{version}')
}

export function complaintAboutTopic(topic: string): string | null {
  const legal = /^projects\/[a-z][a-z0-9.:-]*[a-z0-9]\/topics\/[A-Za-z][A-Za-z0-9._~+%-]{2,254}$/.test(topic)
  return legal ? null : 'is not a valid topic: expected projects/PROJECT/topics/TOPIC'
}

export function complaintAboutQueue(queue: string): string | null {
  const legal = /^projects\/[a-z][a-z0-9.:-]*[a-z0-9]\/locations\/[a-z][a-z0-9-]*\/queues\/[A-Za-z0-9-]{1,100}$/.test(
    queue,
  )
  return legal ? null : 'is not a valid queue: expected projects/PROJECT/locations/LOCATION/queues/QUEUE'
}

export function complaintAboutServiceAccount(email: string): string | null {
  return /^[a-z0-9-]+@[a-z0-9.-]+$/.test(email) ? null : 'is not the e-mail of a service account'
}

export function complaintAboutEndpoint(endpoint: string): string | null {
  if (/^https?:\/\//i.test(endpoint) && URL.canParse(endpoint)) return null
  return 'is not a valid URL: expected http://… or https://…'
}

export function complaintAboutSchemaName(name: string): string | null {
  if (name.trim() === '') return 'is empty'
  if (/\.ya?ml$/.test(name)) return 'must be without its ending .yaml'
  const complaint = complaintAboutName(name)
  if (complaint !== null) return complaint
  return normaliseName(name) === name ? null : 'is not a valid file name'
}

/** As `complaintAboutVersion`, for a version that people write down where they may have the object in mind. */
export function complaintAboutServedVersion(version: string): string | null {
  const [, path] = /^gs:\/\/[^/]+\/(.*)$/.exec(version) ?? []
  const plain = path ?? version
  const name = plain.replace(/\/?[^/]*\.(?:tar\.gz|tgz)$/, '') || 'its folder'
  if (path !== undefined || /^[a-z]+:\/\//i.test(version)) {
    return `is an address: the version alone is meant${path === undefined ? '' : `, ${JSON.stringify(name)}`}, and releases.bucket says where it lies`
  }
  if (/\.(?:tar\.gz|tgz)$/.test(version))
    return `is the archive of a release: its version is meant, ${JSON.stringify(name)}`
  return complaintAboutVersion(version)
}

/** For a pattern of versions. */
export function complaintAboutPattern(pattern: string): string | null {
  if (/[[\]{}]/.test(pattern))
    return 'has brackets, which no pattern knows: * is anything within a segment, ** is anything'
  return complaintAboutServedVersion(pattern)
}

/** For the login of a Cloud SQL instance (Cloud SQL documentation, "IAM authentication"). */
export function complaintAboutDatabaseUser(user: string): string | null {
  const [, name] = /^(?:serviceAccount:)?(.+)\.gserviceaccount\.com$/.exec(user) ?? []
  if (name !== undefined) {
    return `must be without .gserviceaccount.com: databases of Cloud SQL know this account as ${JSON.stringify(name)}`
  }
  const [prefix] = /^(?:user|serviceAccount|group):/i.exec(user) ?? []
  return prefix === undefined ? complaintAboutEmpty(user) : `must be the name alone, without ${prefix} in front`
}

export function complaintAboutReader(role: string): string | null {
  const complaint = complaintAboutEmpty(role)
  if (complaint !== null) return complaint
  if (Buffer.byteLength(role) > POSTGRES_NAME_BYTES)
    return `is longer than the ${POSTGRES_NAME_BYTES} bytes of a role name`
  if (role === 'none') return 'is not the name of a role'
  if (role !== 'public' && role.toLowerCase() === 'public')
    return 'must be written public, in lower case, for everybody'
  if (role.startsWith('pg_')) return "is one of PostgreSQL's own roles"
  if (role.startsWith('almagest_')) return "is one of Almagest's own roles, which need no grant to read"
  return null
}

export function complaintAboutPasswordKey(key: string): string | null {
  const legal = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,252}$/.test(key)
  return legal ? null : 'is not a valid file name of the secrets directory: letters, digits, "_", "-" and "."'
}

export function complaintAboutInstance(instance: string): string | null {
  // Old projects have a domain in front: example.com:project:region:name.
  const legal = /^([a-z0-9.-]+:)?[a-z][a-z0-9-]*:[a-z0-9-]+:[a-z][a-z0-9-]*$/.test(instance)
  return legal ? null : 'is not a valid Cloud SQL instance: expected project:region:name'
}

export function complaintAboutPostfix(postfix: string): string | null {
  return /^[A-Za-z0-9_]{0,16}$/.test(postfix)
    ? null
    : 'is not a valid postfix: at most 16 letters, digits and underscores'
}

/** `postgresql+psycopg2://` and the like are what SQLAlchemy, and so Repertoire, writes. */
const POSTGRES_SCHEME = /^postgres(ql)?(\+[a-z0-9_]+)?:\/\//i

export function complaintAboutDatabaseUrl(url: string): string | null {
  if (!POSTGRES_SCHEME.test(url)) return 'must begin with postgresql://'
  const plain = normaliseDatabaseUrl(url)
  const [, port] = /^postgresql:\/\/(?:[^/?#]*@)?(?:\[[^\]]*\]|[^/?#:]*):(\d+)(?:[/?#]|$)/.exec(plain) ?? []
  if (port !== undefined && !isPort(Number(port))) return `has the port ${port}, and there are those from 1 to 65535`
  if (!URL.canParse(plain)) return 'is not a valid URL; special characters of a password must be percent-encoded'
  const { username, password, hostname, pathname, hash, searchParams } = new URL(plain)
  if (![username, password, pathname].every(isPercentEncoded))
    return 'has a "%" that does not encode a character; write it as %25'
  if (hash !== '') return 'has a "#"; in a password it must be written as %23'
  if (pathname.length < 2) return 'does not name a database: expected postgresql://user@host:port/database'
  if (pathname.slice(1).includes('/')) return 'has a "/" in the name of the database'
  if (hostname === '' && !searchParams.has('host')) return 'does not name a host'
  return null
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535
}

function isPercentEncoded(part: string): boolean {
  try {
    decodeURIComponent(part)
    return true
  } catch {
    return false
  }
}

/** Without the name of a Python driver, which means nothing here. */
export function normaliseDatabaseUrl(url: string): string {
  return url.replace(POSTGRES_SCHEME, 'postgresql://')
}
