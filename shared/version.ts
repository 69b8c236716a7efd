import description from '../package.json' with { type: 'json' }

/** The version of Almagest. */
export const VERSION: string = description.version

/** What the package is called where it is installed from. */
export const PACKAGE: string = description.name
