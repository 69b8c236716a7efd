import { isSchemaList, isSchemaMap, type SchemaMap, type SchemaValue, writeScalar } from './write-scalar.ts'

/** A mapping as a YAML 1.1 document in block style: what PyYAML reads, it reads as it was. */
export function writeYaml(document: SchemaMap): string {
  return document.size === 0 ? '{}\n' : `${mapLines(document).join('\n')}\n`
}

/** YAML takes no longer key than 1024 characters without a question mark. */
const LONGEST_KEY = 1000

function mapLines(map: SchemaMap): string[] {
  return [...map].flatMap(([key, value]) => {
    const name = writeScalar(key)
    return name.length > LONGEST_KEY ? [`? ${name}`, ...attach(':', value)] : attach(`${name}:`, value)
  })
}

/** A value behind its key: in the same line if it is short, else below it. */
function attach(key: string, value: SchemaValue): string[] {
  if (isSchemaMap(value)) {
    return value.size === 0 ? [`${key} {}`] : [key, ...mapLines(value).map((line) => `  ${line}`)]
  }
  if (isSchemaList(value)) return value.length === 0 ? [`${key} []`] : [key, ...value.flatMap(itemLines)]
  return [`${key} ${writeScalar(value)}`]
}

function itemLines(value: SchemaValue): string[] {
  const lines = isSchemaMap(value) ? mapLines(value) : isSchemaList(value) ? value.flatMap(itemLines) : []
  if (lines.length === 0) return attach('-', value)
  return lines.map((line, index) => `${index === 0 ? '- ' : '  '}${line}`)
}
