import { SKY } from './sample/sample.ts'

/** What is registered of the sample, as an invented observatory would do it. */
const AUTHORITY = 'ivo://heron.example'
const CREATED = '2024-06-01T00:00:00Z'

interface Described {
  /** Without a slash at its end. */
  readonly front: string
  /** URL of the TAP service. */
  readonly tap: string
  /** The release that it takes. */
  readonly version: string
}

/** The publishing registry of the local stack: keys at the top of its environment file. */
export function describeRegistry({ front, version }: Omit<Described, 'tap'>) {
  return {
    ivoaRegistry: {
      adminEmail: 'registry@heron.example',
      authority: AUTHORITY,
      created: CREATED,
      creator: 'Heron Observatory',
      facilities: ['Heron Observatory'],
      ivoid: `${AUTHORITY}/registry`,
      organisation: {
        created: CREATED,
        description: 'An invented observatory, whose services run on this machine.',
        homepage: 'https://heron.example/',
        ivoid: `${AUTHORITY}/org`,
        title: 'Heron Observatory',
      },
      path: '/registry/oai',
      repositoryName: 'Heron Observatory publishing registry',
      rights: 'Free for any use with attribution (CC BY 4.0).',
      rightsUri: 'https://spdx.org/licenses/CC-BY-4.0.html',
      shortName: 'Heron registry',
      subjects: ['surveys'],
    },
    registry: {
      baseUrl: `${front}/registry/oai`,
      // Fewer than there are, so that harvesters meet resumption tokens.
      pageSize: 5,
      hipsSurveys: true,
      server: 'tap',
      services: [
        {
          kind: 'hips',
          dataset: 'heron',
          ivoid: `${AUTHORITY}/hips`,
          title: 'Heron DR1: HiPS list',
          created: CREATED,
          description: 'List of the hierarchical progressive surveys made from the images of Heron DR1.',
          docsUrl: 'https://heron.example/hips',
        },
        {
          kind: 'obscore',
          ivoid: `${AUTHORITY}/obscore`,
          title: 'Observations in ObsCore',
          created: CREATED,
          description: 'Observations of several collections in the ObsCore 1.1 data model.',
          docsUrl: 'https://heron.example/obscore',
        },
      ],
      entries: {
        [`${AUTHORITY}/tap`]: { shortName: 'Heron TAP', coverage: ALL_SKY },
        [`${AUTHORITY}/obscore`]: { shortName: 'Heron ObsCore' },
        [`${AUTHORITY}/hips`]: { shortName: 'Heron HiPS' },
        ...(version === SKY.version ? { [`${AUTHORITY}/sky`]: { shortName: 'Heron sky', coverage: ALL_SKY } } : {}),
      },
    },
  }
}

/** Every cell of the lowest order. */
const ALL_SKY = { spatial: '0/0-11', waveband: ['Optical'] }

/** The rule of the TAP service; of the sample, with a record of its catalogues. */
export function describeTapRule({ tap, version }: Omit<Described, 'front'>) {
  const sky = {
    ivoid: `${AUTHORITY}/sky`,
    title: 'Bright stars and deep-sky objects',
    created: CREATED,
    description: 'Bright stars (Hipparcos, the new reduction, V up to 7.0) and deep-sky objects (OpenNGC).',
    docsUrl: 'https://heron.example/sky',
    subjects: ['catalogs', 'surveys'],
  }
  return {
    type: 'data',
    name: 'tap',
    template: tap,
    ivoaRegistry: {
      ivoaServiceType: 'tap',
      ivoid: `${AUTHORITY}/tap`,
      title: 'Heron Observatory TAP service',
      created: CREATED,
      description: 'TAP 1.1 service for all tables of the release that is live.',
      docsUrl: 'https://heron.example/tap',
      ...(version === SKY.version ? { datasets: { sky } } : {}),
    },
  }
}
