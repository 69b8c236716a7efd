import { matchesGlob } from '../follow.ts'

/** Versions that are overwritten in place (felis.md §10.1); every other one stays as it was published. */
const MUTABLE: readonly string[] = ['main', 'tickets/**']

export function isMutable(version: string): boolean {
  return MUTABLE.some((glob) => matchesGlob(glob, version))
}
