import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type LockedPackage, type Lockfile, selectPackages } from './select-packages.ts'

const ROOT = join(import.meta.dirname, '..', '..')

/** From the folder of the function. */
export const FRAMEWORK = 'node_modules/.bin/functions-framework'

/**
 * How Node.js starts a function. V8 begins with 1 MiB for young objects and grows it by collecting garbage, of which there
 * is next to none while a function starts: a sixth of the time until the first answer. 16 MiB is where it ends anyway.
 */
export const START_FLAGS: readonly string[] = ['--min-semi-space-size=16']

export interface PackageFiles {
  readonly 'package.json': object
  /** What `npm ci` installs: the versions that the tests ran with, by their hashes. */
  readonly 'package-lock.json': Lockfile
}

/**
 * Describes a function for whatever builds its image (terraform/modules/functions/Dockerfile, or Google's buildpack for
 * Node.js): how it starts, and which packages it needs beside the bundle.
 *
 * @param needed packages of ours that are not in the bundle
 * @throws Error for a package that is not in our package.json
 */
export async function describePackage(name: string, needed: readonly string[]): Promise<PackageFiles> {
  const project = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Project
  const lockfile = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as Lockfile
  const about = { name: `almagest-${name}`, version: project.version }
  const dependencies = Object.fromEntries(needed.map((dependency) => [dependency, versionOf(project, dependency)]))
  const engines = { node: `${project.devDependencies.node?.split('.')[0]}.x` }
  const itself: LockedPackage = { ...about, dependencies, engines }
  return {
    'package.json': {
      ...about,
      private: true,
      type: 'module',
      main: 'start.mjs',
      engines,
      scripts: {
        start: ['node', ...START_FLAGS, FRAMEWORK, `--target=${name}`].join(' '),
        'gcp-build': 'NODE_COMPILE_CACHE=.compile-cache node fill-compile-cache.mjs',
      },
      dependencies,
    },
    'package-lock.json': { ...about, lockfileVersion: 3, requires: true, packages: selectPackages(lockfile, itself) },
  }
}

interface Project {
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
  /** Nearly all packages: what is installed holds them in its bundle. */
  readonly devDependencies: Readonly<Record<string, string>>
}

function versionOf({ dependencies, devDependencies }: Project, name: string): string {
  const version = devDependencies[name] ?? dependencies?.[name]
  if (version === undefined) throw new Error(`${name} is not in package.json`)
  return version
}
