import { refuseEmpty, refusePasswordKey } from '../field-rules.ts'
import type { EnvironmentDescription, InfluxDatabaseConfig } from './model.ts'
import { registry, registryEntry } from './read-registry.ts'
import { applicationOverrides, applicationRules, DESCRIPTION } from './read-rules.ts'
import { hostname, pathPrefix, template, url } from './read-texts.ts'
import { flag, listOf, mapOf, optional, type Read, required, section, text, transformed } from './shapes.ts'

const texts = listOf(text())
const urls = mapOf(url)

const environment: Read<EnvironmentDescription> = transformed(
  section({
    name: required(text()),
    label: required(text()),
    title: optional(text(), null),
    titleLong: optional(text(), null),
    description: optional(text(), null),
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
  description: required(text()),
  docsUrl: optional(url, null),
  ivoaRegistry: optional(registryEntry, null),
})

const hips = section({
  datasets: required(mapOf(transformed(section({ paths: required(texts) }), ({ paths }) => paths))),
  legacy: optional(section({ dataset: optional(text(), null), pathPrefix: required(pathPrefix) }), null),
  pathPrefix: required(pathPrefix),
  sourceTemplate: required(template),
  ...DESCRIPTION,
})

const influxDatabase: Read<InfluxDatabaseConfig> = section({
  url: required(url),
  database: required(text(refuseEmpty)),
  username: required(text()),
  passwordKey: required(text(refusePasswordKey)),
  schemaRegistry: required(url),
  local: optional(flag, false),
  description: optional(text(), null),
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
  environmentName: optional(text(), null),
  hips: optional(hips, null),
  influxdbDatabases: optional(mapOf(influxDatabase, refuseLabel), new Map<string, never>()),
  ivoaRegistry: optional(registry, null),
  name: optional(text(refuseEmpty), 'Almagest'),
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

function withNode<T extends object>(read: Read<T>): Read<T & { readonly node: Parameters<Read<T>>[0] }> {
  return (node, path, report) => {
    const value = read(node, path, report)
    return value === undefined ? undefined : { ...value, node }
  }
}
