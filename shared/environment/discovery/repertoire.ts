import { compareCodePoints } from '../../code-points.ts'
import { listOf, mapOf } from '../collections.ts'
import { complaintAboutEmpty, complaintAboutPasswordKey } from '../complaints.ts'
import { named, optional, required, section, sectionAs } from '../sections.ts'
import { anyText, flagOrWord, type ShapeOf, transformed } from '../shapes.ts'
import { registry, registryEntry } from './registry.ts'
import { applicationOverrides, applicationRules, DESCRIPTION } from './rules.ts'
import { hostname, pathPrefix, template, url } from './texts.ts'

const texts = listOf(anyText())

const environment = sectionAs(
  {
    name: required(anyText(), 'Its name.'),
    label: required(anyText(), 'A short name.'),
    title: optional(anyText(), null, 'Its title. Without one: the name.'),
    titleLong: optional(anyText(), null, 'A longer title. Without one: the title.'),
    description: optional(anyText(), null, 'What it is for.'),
    docsUrl: required(url, 'Its documentation.'),
  },
  (found) => {
    const given = found.whole()
    if (given === undefined) return undefined
    // An empty title is as good as none.
    const title = given.title || given.name
    return { ...given, title, titleLong: given.titleLong || title }
  },
)

const dataset = section({
  description: required(anyText(), 'What it is.'),
  docsUrl: optional(url, null, 'Its documentation.'),
  ivoaRegistry: optional(registryEntry, null, 'What the IVOA registry publishes of it.'),
})
export type DatasetConfig = ShapeOf<typeof dataset>

const hips = section({
  datasets: required(
    mapOf(
      transformed(
        section({ paths: required(texts, 'Paths of its trees, below `sourceTemplate`.') }),
        ({ paths }) => paths,
      ),
    ),
    'The datasets that have trees.',
  ),
  legacy: optional(
    section({
      dataset: optional(anyText(), null, 'The dataset whose list is there. Without it, no list.'),
      pathPrefix: required(pathPrefix, 'The path.'),
    }),
    null,
    'The path of older clients.',
  ),
  pathPrefix: required(pathPrefix, 'Of the lists.'),
  sourceTemplate: required(template, 'URL of the trees.'),
  ...DESCRIPTION,
})
export type HipsConfig = ShapeOf<typeof hips>

const influxDatabase = section({
  url: required(url, 'Its URL.'),
  database: required(anyText(complaintAboutEmpty), 'Its name there.'),
  username: required(anyText(), 'Who reads it.'),
  passwordKey: required(anyText(complaintAboutPasswordKey), 'File of the secrets directory that holds the password.'),
  schemaRegistry: required(url, 'URL of the schema registry.'),
  local: optional(flagOrWord, false, 'Whether its data come from here.'),
  description: optional(anyText(), null, '3.x.'),
  requiredScopes: optional(
    texts,
    [],
    'Ours: who lacks one of them does not see the database. Beside `discovery.influxdbScopes`.',
  ),
})
export type InfluxDatabaseConfig = ShapeOf<typeof influxDatabase>

/** The top-level keys of a Repertoire configuration, 2.x and 3.x, that are used as the file has them. */
export const DESCRIBED_KEYS = {
  applications: optional(
    transformed(texts, (names) => [...new Set(names)].sort(compareCodePoints)),
    [],
    'Deployed applications.',
  ),
  availableDatasets: optional(
    transformed(texts, (names): ReadonlySet<string> => new Set(names)),
    new Set<string>(),
    'Datasets that are here.',
  ),
  baseHostname: optional(hostname, null, 'Required to describe an environment.'),
  butlerConfigs: named(url, 'Butler configurations, by dataset.'),
  datasets: named(dataset, 'What datasets are, available or not.'),
  environment: optional(environment, null, '3.x: what the environment is.'),
  environmentName: optional(anyText(), null, '2.x: name of the environment.'),
  hips: optional(hips, null, 'HiPS lists. Their token is the file `discovery.hipsTokenKey` of the secrets directory.'),
  influxdbDatabases: named(influxDatabase, 'InfluxDB databases, by label.', complaintAboutLabel),
  ivoaRegistry: optional(registry, null, 'The publishing registry.'),
  name: optional(anyText(complaintAboutEmpty), 'Almagest', 'Of the service.'),
  obscoreConfigs: named(url, '3.x: ObsCore configurations, by dataset.'),
  pathPrefix: optional(pathPrefix, '/repertoire', 'Of the service.'),
}

/** Those from which the rules of services are chosen. */
export const RULE_KEYS = {
  rules: named(applicationRules, 'Services, by application; in the syntax of 2.x a list each.'),
  subdomainRules: named(applicationRules, '2.x: instead of `rules`, by application on a subdomain.'),
  subdomainOverrides: named(
    applicationOverrides,
    '3.x: other templates, by application on a subdomain. An override of a rule that does not exist is warned of.',
  ),
  useSubdomains: optional(texts, [], 'Applications on subdomains.'),
}

export const REPERTOIRE_KEYS = { ...DESCRIBED_KEYS, ...RULE_KEYS }

/** Its credentials are read under a URL that ends with it. */
function complaintAboutLabel(label: string): string | null {
  if (label === '') return 'is empty'
  return label === '.' || label === '..' ? 'is not a valid label: it cannot be the end of a URL' : null
}
