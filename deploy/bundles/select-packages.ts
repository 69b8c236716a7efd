/** package-lock.json, version 3 (npm documentation): packages by where they are installed. */
export interface Lockfile {
  readonly name: string
  readonly version: string
  readonly lockfileVersion: 3
  readonly requires: true
  /** `''` is the project itself; `node_modules/a/node_modules/b` is what `a` alone has of `b`. */
  readonly packages: Readonly<Record<string, LockedPackage>>
}

export interface LockedPackage {
  readonly name?: string
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly engines?: Readonly<Record<string, string>>
  readonly dev?: boolean
  readonly peer?: boolean
}

/**
 * What of a lockfile a package needs, each at the place where it was: which version somebody finds stays as it is.
 *
 * @param itself the package, which takes the place of the lockfile's own
 * @throws Error when something that is needed is not in the lockfile
 */
export function selectPackages({ packages }: Lockfile, itself: LockedPackage): Record<string, LockedPackage> {
  const selected = new Map<string, LockedPackage>([['', itself]])
  // Grows while it is walked: what a package needs comes after it.
  for (const [place, { dependencies, optionalDependencies, peerDependencies }] of selected) {
    for (const name of Object.keys({ ...peerDependencies, ...dependencies, ...optionalDependencies })) {
      const found = findPlace(packages, place, name)
      const isRequired = dependencies?.[name] !== undefined && optionalDependencies?.[name] === undefined
      if (found === undefined && isRequired) throw new Error(`${name}, needed by ${place}, is not in package-lock.json`)
      const locked = found === undefined ? undefined : packages[found]
      if (found === undefined || locked === undefined) continue
      // Ours may need it for development only, or because of a peer.
      const { dev: _dev, peer: _peer, ...rest } = locked
      selected.set(found, rest)
    }
  }
  return Object.fromEntries([...selected].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Where Node.js finds `name` for the package at a place: in its own folder, or in one of those around it. */
function findPlace(packages: Lockfile['packages'], place: string, name: string): string | undefined {
  for (let around = place; ; around = around.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
    const candidate = `${around === '' ? '' : `${around}/`}node_modules/${name}`
    if (candidate in packages) return candidate
    if (around === '') return undefined
  }
}
