export interface UrlAddress {
  readonly kind: 'url'
  /** `postgresql://…`; may hold a password, so it is never logged. */
  readonly url: string
  /** The file in the secrets directory that holds the password; null: the URL is complete. */
  readonly passwordKey: string | null
  readonly poolMax: number
}

export interface CloudSqlAddress {
  readonly kind: 'cloudsql'
  /** `project:region:name`. */
  readonly instance: string
  readonly ipType: 'PUBLIC' | 'PRIVATE' | 'PSC'
  /** The IAM database user. */
  readonly user: string
  readonly database: string
  readonly poolMax: number
  /** null: Google's own. */
  readonly adminApiEndpoint: string | null
}

export type DatabaseAddress = UrlAddress | CloudSqlAddress
