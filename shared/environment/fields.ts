import { DEFAULT_LIMITS } from '../releases/limits.ts'
import { complaintAboutVersion } from '../releases/naming.ts'
import { DEPLOYED } from '../tap-schema/options.ts'
import { databaseFields } from './database-fields.ts'
import { DISCOVERY_FIELDS } from './discovery/fields.ts'
import type { Field } from './field.ts'
import {
  refuseBucket,
  refuseEmpty,
  refuseEndpoint,
  refuseObjectTemplate,
  refusePattern,
  refusePostfix,
  refusePrefix,
  refuseReader,
  refuseSchemaName,
  refuseTopic,
} from './field-rules.ts'
import { RESULTS_FIELDS } from './results-fields.ts'
import { TAP_SERVICE } from './tap-service.ts'

const MAX_INTEGER = 2 ** 31 - 1
const HOUR_MS = 3_600_000
const GIBIBYTE = 1024 ** 3

/** Every key of the environment file that is ours; keys in snake_case mean the same. */
export const FIELDS = [
  { key: 'releases', type: 'section', meaning: 'Where schema releases lie.' },
  {
    key: 'releases.bucket',
    type: 'text',
    default: null,
    refuse: refuseBucket,
    meaning: 'The releases bucket, without `gs://`. Not needed when `tap.schemaSourceTemplate` names it.',
  },
  {
    key: 'releases.prefix',
    type: 'text',
    default: null,
    refuse: refusePrefix,
    meaning: 'Folder of the bucket in front of `{version}/schemas.tar.gz`. Instead of `objectTemplate`.',
  },
  {
    key: 'releases.objectTemplate',
    type: 'text',
    default: '{version}/schemas.tar.gz',
    refuse: refuseObjectTemplate,
    meaning: 'Name of the object that holds a release; `{version}` (or `{schemaVersion}`) exactly once.',
  },
  { key: 'releases.limits', type: 'section', meaning: 'What one release archive may cost in memory.' },
  {
    key: 'releases.limits.unpackedBytes',
    type: 'integer',
    default: DEFAULT_LIMITS.unpackedBytes,
    min: 1024,
    max: 4 * GIBIBYTE,
    meaning: 'Size of the unpacked archive, headers and padding included.',
  },
  {
    key: 'releases.limits.unpackedMiB',
    type: 'integer',
    default: null,
    min: 1,
    max: 4096,
    meaning: 'The same in MiB, instead of `unpackedBytes`.',
  },
  {
    key: 'releases.limits.entries',
    type: 'integer',
    default: DEFAULT_LIMITS.entries,
    min: 1,
    max: 1_000_000,
    meaning: 'Files and folders in the archive.',
  },
  {
    key: 'releases.limits.fileBytes',
    type: 'integer',
    default: DEFAULT_LIMITS.fileBytes,
    min: 1024,
    max: 4 * GIBIBYTE,
    meaning: 'Size of any one file, unpacked.',
  },
  {
    key: 'releases.limits.fileMiB',
    type: 'integer',
    default: null,
    min: 1,
    max: 4096,
    meaning: 'The same in MiB, instead of `fileBytes`.',
  },
  {
    key: 'topic',
    type: 'text',
    default: null,
    refuse: refuseTopic,
    meaning:
      'Pub/Sub topic for `staged`, `swapped`, `rolled_back` and `rejected` events: `projects/P/topics/T`. Without it nothing is published.',
  },
  {
    key: 'secretsDirectory',
    type: 'text',
    default: '/etc/almagest/secrets',
    refuse: refuseEmpty,
    meaning: 'Folder with one file per password key.',
  },
  { key: 'identity', type: 'section', meaning: 'Who is calling.' },
  {
    key: 'identity.audience',
    type: 'texts',
    default: [],
    refuse: refuseEmpty,
    single: true,
    meaning: 'Audiences that an identity token may be for, one or a list: the URLs of the service. Empty: any.',
  },
  {
    key: 'identity.trustPlatform',
    type: 'flag',
    default: false,
    meaning:
      'Whether Cloud Run in front has verified the token (and removed its signature). Only true for a service that `allUsers` may not invoke.',
  },
  {
    key: 'identity.requireCaller',
    type: 'flag',
    default: null,
    meaning:
      'Whether only a verified caller may stage, swap, roll back, sweep or destroy. Without it: in Cloud Run yes, elsewhere no.',
  },
  { key: 'swap', type: 'section', meaning: 'How patient a swap or rollback is.' },
  {
    key: 'swap.deadlineMs',
    type: 'integer',
    default: 30_000,
    min: 1,
    max: HOUR_MS,
    meaning: 'How long it keeps trying to lock the slots before it answers busy, in milliseconds.',
  },
  {
    key: 'swap.lockTimeoutMs',
    type: 'integer',
    default: 20,
    min: 1,
    max: 500,
    meaning:
      'How long the first try may hold up readers, in milliseconds. Later tries may take up to 25 times as long, but never over 450.',
  },
  { key: 'storage', type: 'section', meaning: 'The object store.' },
  {
    key: 'storage.apiEndpoint',
    type: 'text',
    default: null,
    refuse: refuseEndpoint,
    meaning:
      'URL of a server that speaks the GCS JSON API, for tests and the local stack. Without it: Google Cloud Storage.',
  },
  { key: 'tap', type: 'section', meaning: 'The TAP servers; the `tap` section of a Repertoire configuration.' },
  {
    key: 'tap.schemaVersion',
    type: 'text',
    default: null,
    refuse: complaintAboutVersion,
    meaning: 'The release that servers take which do not name their own.',
  },
  {
    key: 'tap.schemaSourceTemplate',
    type: 'text',
    default: null,
    refuse: refuseEmpty,
    meaning:
      "Repertoire's way to name the releases: `gs://bucket/object` with `{version}` (or `{schemaVersion}`) once. Instead of `releases.bucket` and `releases.objectTemplate`.",
  },
  {
    key: 'tap.schemaExtensionsPath',
    type: 'text',
    default: null,
    refuse: refuseEmpty,
    meaning:
      "Repertoire's path to a file of extension columns. Only Felis's own (`resource://felis/…`) is understood: those columns are built in.",
  },
  { key: 'tap.servers', type: 'named', meaning: 'One TAP server each, under the name by which the API calls it.' },
  {
    key: 'tap.servers.*.enabled',
    type: 'flag',
    default: true,
    meaning: 'Whether the server exists here; a disabled one may be incomplete.',
  },
  {
    key: 'tap.servers.*.schemas',
    type: 'texts',
    default: [],
    refuse: refuseSchemaName,
    meaning:
      'The schemas that it serves: names of files of the release without `.yaml`, in the order in which clients list them. Required.',
  },
  {
    key: 'tap.servers.*.schemaVersion',
    type: 'text',
    default: null,
    refuse: complaintAboutVersion,
    meaning: 'The release that it takes, before `tap.schemaVersion`.',
  },
  {
    key: 'tap.servers.*.follow',
    type: 'texts',
    default: [],
    refuse: refusePattern,
    meaning:
      'Patterns of versions that it takes as well: `*` stands for anything within a path segment, `**` for anything.',
  },
  {
    key: 'tap.servers.*.swap',
    type: 'text',
    default: 'never',
    refuse: refuseEmpty,
    choices: ['never', 'compatible', 'always'],
    meaning: 'What follows a stage that went well: nothing, a swap if nothing breaks for clients, or a swap.',
  },
  {
    key: 'tap.servers.*.readers',
    type: 'texts',
    default: [],
    refuse: refuseReader,
    meaning:
      'PostgreSQL roles that may read every slot; `public` is everybody. Without any, a release takes over the readers of the live slot.',
  },
  ...databaseFields('tap.servers.*'),
  {
    key: 'tap.servers.*.options',
    type: 'section',
    meaning: 'How its TAP_SCHEMA is made. The defaults are what Rubin runs.',
  },
  {
    key: 'tap.servers.*.options.postfix',
    type: 'text',
    default: DEPLOYED.postfix,
    refuse: refusePostfix,
    meaning: 'Appended to the names of the five tables; views under the plain names are added. Empty: plain tables.',
  },
  {
    key: 'tap.servers.*.options.extensions',
    type: 'flag',
    default: DEPLOYED.extensions,
    meaning: "Whether the tables have the extension columns that CADC's TAP library reads.",
  },
  {
    key: 'tap.servers.*.options.uniqueKeys',
    type: 'flag',
    default: DEPLOYED.uniqueKeys,
    meaning: 'Whether the schema name goes in front of each `key_id`.',
  },
  {
    key: 'tap.servers.*.options.unboundedArraysize',
    type: 'flag',
    default: DEPLOYED.unboundedArraysize,
    meaning: 'Whether automatic array sizes are `*` instead of `n*`.',
  },
  {
    key: 'tap.servers.*.options.columnRefIndexIncrement',
    type: 'integer',
    default: DEPLOYED.columnRefIndexIncrement,
    min: 1,
    max: MAX_INTEGER,
    nullable: true,
    meaning: 'Step of the `column_index` of referenced columns; null keeps the index of the source column.',
  },
  {
    key: 'tap.servers.*.options.firstSchemaIndex',
    type: 'integer',
    default: DEPLOYED.firstSchemaIndex,
    min: 0,
    max: 1_000_000,
    nullable: true,
    meaning: '`schema_index` of the first schema of the list, the next ones count on; null: none.',
  },
  {
    key: 'tap.servers.*.service',
    type: 'shaped',
    default: null,
    shape: TAP_SERVICE,
    meaning: 'The TAP service over its data, where Almagest is to answer queries.',
  },
  ...RESULTS_FIELDS,
  ...DISCOVERY_FIELDS,
] as const satisfies readonly Field[]
