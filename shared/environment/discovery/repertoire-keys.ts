import { refuseEmpty, refusePasswordKey } from '../field-rules.ts'
import { optional, required, section } from '../sections.ts'
import { anyText, flag, listOf, mapOf, type Shape, transformed } from '../shapes.ts'
import type { Located } from '../yaml-positions.ts'
import type { EnvironmentDescription, InfluxDatabaseConfig } from './model.ts'
import { registry, registryEntry } from './read-registry.ts'
import { applicationOverrides, applicationRules, DESCRIPTION } from './read-rules.ts'
import { hostname, pathPrefix, template, url } from './read-texts.ts'

const texts = listOf(anyText())
const urls = mapOf(url)

const environment: Shape<EnvironmentDescription> = transformed(
  section({
    name: required(anyText()),
    label: required(anyText()),
    title: optional(anyText(), null),
    titleLong: optional(anyText(), null),
    description: optional(anyText(), null),
    docsUrl: required(url),
  }),
  ({ title, titleLong, ...given }) => ({
    ...given,
    // An empty title is as good as none.
    title: title || given.name,
    titleLong: titleLong || title || given.name,
  }),
)

const dataset = section({
  description: required(anyText()),
  docsUrl: optional(url, null),
  ivoaRegistry: optional(registryEntry, null),
})

const hips = section({
  datasets: required(mapOf(transformed(section({ paths: required(texts) }), ({ paths }) => paths))),
  legacy: optional(section({ dataset: optional(anyText(), null), pathPrefix: required(pathPrefix) }), null),
  pathPrefix: required(pathPrefix),
  sourceTemplate: required(template),
  ...DESCRIPTION,
})

const influxDatabase: Shape<InfluxDatabaseConfig> = section({
  url: required(url),
  database: required(anyText(refuseEmpty)),
  username: required(anyText()),
  passwordKey: required(anyText(refusePasswordKey)),
  schemaRegistry: required(url),
  local: optional(flag, false),
  description: optional(anyText(), null),
  requiredScopes: optional(texts, []),
})

/** The top-level keys of a Repertoire configuration, 2.x and 3.x, that discovery is made of. */
export const REPERTOIRE_KEYS = {
  applications: optional(texts, []),
  availableDatasets: optional(texts, []),
  baseHostname: optional(hostname, null),
  butlerConfigs: optional(urls, new Map<string, string>()),
  datasets: optional(mapOf(dataset), new Map<string, never>()),
  environment: optional(environment, null),
  environmentName: optional(anyText(), null),
  hips: optional(hips, null),
  influxdbDatabases: optional(mapOf(influxDatabase, refuseLabel), new Map<string, never>()),
  ivoaRegistry: optional(registry, null),
  name: optional(anyText(refuseEmpty), 'Almagest'),
  obscoreConfigs: optional(urls, new Map<string, string>()),
  pathPrefix: optional(pathPrefix, '/repertoire'),
  rules: optional(mapOf(applicationRules), new Map<string, never>()),
  subdomainRules: optional(mapOf(applicationRules), new Map<string, never>()),
  subdomainOverrides: optional(mapOf(withNode(applicationOverrides)), new Map<string, never>()),
  useSubdomains: optional(texts, []),
}

/** Its credentials are read under a URL that ends with it. */
function refuseLabel(label: string): string | null {
  if (label === '') return 'is empty'
  return label === '.' || label === '..' ? 'is no label: it cannot be the end of a URL' : null
}

function withNode<T extends object>(shape: Shape<T>): Shape<T & { readonly node: Located }> {
  return {
    type: shape.type,
    read: (node, path, report) => {
      const value = shape.read(node, path, report)
      return value === undefined ? undefined : { ...value, node }
    },
  }
}
