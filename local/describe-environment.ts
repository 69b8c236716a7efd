import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { listTutorials } from '../cli/commands/tutorials/list-tutorials.ts'
import { describeRegistry, describeTapRule } from './describe-registry.ts'
import { HIPS_PATH, HIPS_TOKEN, TOKEN_INFO_PATH } from './neighbours.ts'
import { HERON, SKY } from './sample/sample.ts'

/** The prefix of the neighbours, beside those of the functions. */
export const NEIGHBOURS = 'neighbours'

const SECRETS: Readonly<Record<string, string>> = { token: HIPS_TOKEN, 'heron_efd-password': 'no-secret' }
const SECRETS_FOLDER = 'secrets'
const MENU = 'tutorials.json'

/** What `writeDiscoveryFiles` leaves in the folder of the environment file. */
export const DISCOVERY_FILES: readonly string[] = [SECRETS_FOLDER, MENU]

/**
 * What the environment file tells of the sample environment: its data and services.
 *
 * @param tap the TAP service that answers queries, and the release that it takes
 */
export function describeEnvironment(
  front: string,
  tap: { readonly url: string; readonly version: string },
): Readonly<Record<string, unknown>> {
  const neighbours = `${front}/${NEIGHBOURS}`
  const sky = { sky: { description: 'Bright stars and deep-sky objects, and some observations.' } }
  const datasets = {
    heron: { description: 'An invented survey of variable stars.' },
    ...(tap.version === SKY.version ? sky : {}),
  }
  return {
    baseHostname: new URL(front).host,
    environmentName: 'local',
    applications: ['almagest'],
    availableDatasets: Object.keys(datasets),
    datasets,
    rules: {
      almagest: [
        {
          type: 'internal',
          name: 'swap-schema',
          template: `${front}/swap-schema`,
          openapi: `${front}/swap-schema/openapi.json`,
        },
        { type: 'internal', name: 'ivoa-registry', template: `${front}/registry/oai` },
        describeTapRule({ tap: tap.url, version: tap.version }),
      ],
    },
    hips: {
      datasets: { heron: { paths: ['color'] } },
      pathPrefix: '/api/hips/v2',
      sourceTemplate: `${neighbours}${HIPS_PATH}/{{ dataset }}`,
    },
    influxdbDatabases: {
      heron_efd: {
        url: 'https://influxdb.heron.example/',
        database: 'efd',
        username: 'reader',
        passwordKey: 'heron_efd-password',
        schemaRegistry: 'https://registry.heron.example/',
        local: true,
      },
    },
    ...describeRegistry({ front, version: tap.version }),
    console: {
      swapSchema: '/swap-schema',
      collectResults: '/collect-results',
      discovery: '/discovery/repertoire',
    },
    secretsDirectory: SECRETS_FOLDER,
    discovery: {
      publicBase: `${front}/discovery`,
      tokenInfoUrl: `${neighbours}${TOKEN_INFO_PATH}`,
      tutorials: { repository: 'https://git.heron.example/tutorials', menu: MENU },
    },
  }
}

/** Writes what the environment file refers to: secrets, and the menu of the sample's tutorials. */
export async function writeDiscoveryFiles(folder: string): Promise<void> {
  const secrets = join(folder, SECRETS_FOLDER)
  await mkdir(secrets, { recursive: true })
  for (const [key, value] of Object.entries(SECRETS)) await writeFile(join(secrets, key), `${value}\n`)
  const { menu } = await listTutorials(HERON.tutorials)
  await writeFile(join(folder, MENU), `${JSON.stringify(menu, null, 2)}\n`)
}
