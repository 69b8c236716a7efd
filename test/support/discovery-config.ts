import type { ConsoleConfig } from '../../shared/environment/console.ts'
import type { DiscoveryConfig } from '../../shared/environment/discovery/discovery.ts'
import type { RegistrySettings } from '../../shared/environment/registry.ts'

/** What an environment file says about its console when it says nothing. */
export const NO_CONSOLE: ConsoleConfig = { swapSchema: null, collectResults: null, discovery: null, skyViewer: null }

/** What it says about its publishing registry then. */
export const NO_REGISTRY: RegistrySettings = {
  place: { path: 'registry', at: { line: 1, column: 1 } },
  baseUrl: null,
  pageSize: 100,
  securityMethods: ['ivo://ivoa.net/sso#OAuth'],
  authenticated: [],
  server: null,
  services: [],
  hipsSurveys: false,
  records: [],
  entries: new Map(),
}

/** What an environment file says about its environment when it says nothing. */
export const NO_DISCOVERY: DiscoveryConfig = {
  applications: [],
  availableDatasets: new Set(),
  baseHostname: null,
  butlerConfigs: new Map(),
  obscoreConfigs: new Map(),
  datasets: new Map(),
  environment: null,
  environmentName: null,
  hips: null,
  influxdbDatabases: new Map(),
  rules: new Map(),
  ivoaRegistry: null,
  pathPrefix: '/repertoire',
  name: 'Almagest',
  publicBase: null,
  releasesPublicBase: null,
  alwaysServices: false,
  tokenInfoUrl: null,
  userInfoUrl: null,
  trustedProxy: false,
  defaultInfluxdb: null,
  influxdbScopes: ['read:sasquatch'],
  hipsTokenKey: 'token',
  schemaBrowser: null,
  tutorials: null,
}
