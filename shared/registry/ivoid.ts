/** Identifiers compare without case (IVOA Identifiers 2.0 §2.1). */
export function sameIvoid(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

/** `ivo://observatory.example/tap` → `ivo://observatory.example`. */
export function authorityOf(ivoid: string): string {
  return /^ivo:\/\/[^/?#]+/i.exec(ivoid)?.[0] ?? ivoid
}
