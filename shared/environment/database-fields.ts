import { refuseDatabaseUrl, refuseEmpty, refuseEndpoint, refuseInstance, refusePasswordKey } from './field-rules.ts'

/** The keys with which a database is named, below `prefix`. */
export function databaseFields<const P extends string>(prefix: P) {
  return [
    {
      key: `${prefix}.databaseUrl`,
      type: 'text',
      default: null,
      refuse: refuseDatabaseUrl,
      secret: true,
      meaning: 'Its database, `postgresql://user@host:port/database`. This or `database` is required.',
    },
    {
      key: `${prefix}.databasePasswordKey`,
      type: 'text',
      default: null,
      refuse: refusePasswordKey,
      meaning: 'File of the secrets directory that holds the password for `databaseUrl`.',
    },
    {
      key: `${prefix}.database`,
      type: 'section',
      meaning: 'Its database, in more detail: a URL or a Cloud SQL instance.',
    },
    {
      key: `${prefix}.database.url`,
      type: 'text',
      default: null,
      refuse: refuseDatabaseUrl,
      secret: true,
      meaning: 'As `databaseUrl`.',
    },
    {
      key: `${prefix}.database.passwordKey`,
      type: 'text',
      default: null,
      refuse: refusePasswordKey,
      meaning: 'As `databasePasswordKey`.',
    },
    {
      key: `${prefix}.database.instance`,
      type: 'text',
      default: null,
      refuse: refuseInstance,
      meaning:
        'Cloud SQL instance, `project:region:name`, reached through the Cloud SQL connector with IAM authentication.',
    },
    {
      key: `${prefix}.database.ipType`,
      type: 'text',
      default: 'PRIVATE',
      refuse: refuseEmpty,
      choices: ['PUBLIC', 'PRIVATE', 'PSC'],
      meaning: 'Which address of the instance to connect to.',
    },
    {
      key: `${prefix}.database.user`,
      type: 'text',
      default: null,
      refuse: refuseEmpty,
      meaning:
        'IAM database user: for a service account its e-mail without `.gserviceaccount.com`. Required with `instance`.',
    },
    {
      key: `${prefix}.database.name`,
      type: 'text',
      default: null,
      refuse: refuseEmpty,
      meaning: 'Database of the instance. Required with `instance`.',
    },
    {
      key: `${prefix}.database.poolMax`,
      type: 'integer',
      default: 5,
      min: 1,
      max: 100,
      meaning: 'Connections that one function instance may hold open; also beside `databaseUrl`.',
    },
    {
      key: `${prefix}.database.adminApiEndpoint`,
      type: 'text',
      default: null,
      refuse: refuseEndpoint,
      meaning: "URL of a stand-in for Google's Cloud SQL Admin API, for tests.",
    },
  ] as const
}
