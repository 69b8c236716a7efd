import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { listTutorials } from '../cli/commands/tutorials/list-tutorials.ts'
import { HIPS_PATH, HIPS_TOKEN, TOKEN_INFO_PATH } from './neighbours.ts'
import { HERON } from './sample/sample.ts'

/** The prefix of the neighbours, beside those of the functions. */
export const NEIGHBOURS = 'neighbours'

const SECRETS: Readonly<Record<string, string>> = { token: HIPS_TOKEN, 'heron_efd-password': 'no-secret' }
const SECRETS_FOLDER = 'secrets'
const MENU = 'tutorials.json'

/** What `writeDiscoveryFiles` leaves in the folder of the environment file. */
export const DISCOVERY_FILES: readonly string[] = [SECRETS_FOLDER, MENU]

/** What the environment file tells of the sample environment: its data and services. */
export function describeEnvironment(front: string): Readonly<Record<string, unknown>> {
  const neighbours = `${front}/${NEIGHBOURS}`
  return {
    baseHostname: new URL(front).host,
    environmentName: 'local',
    applications: ['almagest'],
    availableDatasets: ['heron'],
    datasets: { heron: { description: 'An invented survey of variable stars.' } },
    rules: {
      almagest: [
        {
          type: 'internal',
          name: 'swap-schema',
          template: `${front}/swap-schema`,
          openapi: `${front}/swap-schema/openapi.json`,
        },
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
