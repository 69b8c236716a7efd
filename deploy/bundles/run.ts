import { join } from 'node:path'
import { bundleFunction, functionNames } from './bundle.ts'

const target = join(import.meta.dirname, '..', '..', 'dist')

for (const name of await functionNames()) {
  const { entryBytes, laterBytes } = await bundleFunction(name, target)
  console.log(`dist/${name}: ${kilobytes(entryBytes)} kB, and ${kilobytes(laterBytes)} kB when first needed`)
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(0)
}
