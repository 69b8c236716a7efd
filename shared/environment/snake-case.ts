/** `unpackedMiB` → `unpacked_mib`. */
export function toSnakeCase(name: string): string {
  return name.replace('MiB', 'Mib').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
