/** Python's order of texts. JavaScript's own is by UTF-16 units and puts U+1F52D before U+FF21. */
export function compareCodePoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
