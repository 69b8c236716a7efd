import type { Field } from '../field.ts'
import { refuseEmpty, refusePasswordKey } from '../field-rules.ts'
import { refuseBaseUrl, refuseMenu, refuseUrl } from './read-texts.ts'

/** The keys of discovery that Repertoire does not have. */
export const DISCOVERY_FIELDS = [
  {
    key: 'releases.publicBase',
    type: 'text',
    default: null,
    refuse: refuseBaseUrl,
    meaning:
      'URL of the releases bucket as everybody reaches it, for the links to the metadata of a release. Without it discovery gives no links.',
  },
  { key: 'discovery', type: 'section', meaning: 'What `discovery` does beyond Repertoire; docs/discovery.md.' },
  {
    key: 'discovery.publicBase',
    type: 'text',
    default: null,
    refuse: refuseBaseUrl,
    meaning:
      'Public URL in front of `pathPrefix`, for links to the service itself. Without it: `https://` and `baseHostname`.',
  },
  {
    key: 'discovery.alwaysServices',
    type: 'flag',
    default: false,
    meaning:
      'Whether `services` is in the document, with both of its maps, even if they are empty: what the TypeScript client of Squareone needs.',
  },
  {
    key: 'discovery.tokenInfoUrl',
    type: 'text',
    default: null,
    refuse: refuseUrl,
    meaning:
      "Gafaelfawr's token-info endpoint (`https://HOST/auth/api/v1/token-info`), where bearer tokens are looked up. Without it nobody can be identified by a token.",
  },
  {
    key: 'discovery.trustedProxy',
    type: 'flag',
    default: false,
    meaning:
      'Whether a proxy in front sets `X-Auth-Request-User`, and removes what clients send under that name. Only true where nobody can pass the proxy by.',
  },
  {
    key: 'discovery.influxdbScopes',
    type: 'texts',
    default: ['read:sasquatch'],
    refuse: refuseEmpty,
    meaning:
      'Scopes that are needed for every InfluxDB database; all of them. Without the key: `read:sasquatch`; an empty list asks for none.',
  },
  {
    key: 'discovery.defaultInfluxdb',
    type: 'text',
    default: null,
    refuse: refuseEmpty,
    meaning:
      'Label of the default EFD. Without it: the only local database that is called `efd`, else the only local one.',
  },
  {
    key: 'discovery.hipsTokenKey',
    type: 'text',
    default: 'token',
    refuse: refusePasswordKey,
    meaning:
      'File of the secrets directory that holds the token for the HiPS trees. Without that file there are no lists.',
  },
  { key: 'discovery.tutorials', type: 'section', meaning: 'The tutorials repository.' },
  {
    key: 'discovery.tutorials.repository',
    type: 'text',
    default: null,
    refuse: refuseUrl,
    meaning: 'Its URL. Required in this section.',
  },
  {
    key: 'discovery.tutorials.menu',
    type: 'text',
    default: null,
    refuse: refuseMenu,
    meaning:
      'Where the file lies that `almagest tutorials` wrote: `gs://bucket/object`, or a path from the folder of the environment file.',
  },
] as const satisfies readonly Field[]
