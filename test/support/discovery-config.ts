import type { DiscoveryConfig } from '../../shared/environment/discovery/discovery.ts'

/** What an environment file tells about its environment when it tells nothing. */
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
  trustedProxy: false,
  defaultInfluxdb: null,
  influxdbScopes: ['read:sasquatch'],
  hipsTokenKey: 'token',
  tutorials: null,
}
