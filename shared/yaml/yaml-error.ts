/** Text that is not YAML, or not what PyYAML reads, with the offset at which that shows. */
export class YamlError extends Error {
  readonly offset: number
  readonly code: string

  constructor(offset: number, code: string, message: string) {
    super(message)
    this.offset = offset
    this.code = code
  }
}
