import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ParseOption, XmlBufferInputProvider, XmlDocument, XsdValidator, xmlRegisterInputProvider } from 'libxml2-wasm'
import { DATA } from './golden.ts'

const FOLDER = join(DATA, 'xsd')

export const HAS_XSD = existsSync(FOLDER)

/** For `describe.skipIf`: what is skipped, and why. */
export const NEEDS_XSD = HAS_XSD ? '' : ` (skipped: no XML schemas in ${FOLDER})`

let validator: Promise<XsdValidator> | undefined

/** Holds a document against the published schemas of the Virtual Observatory. @throws Error with every fault */
export async function validateXml(text: string): Promise<void> {
  validator ??= openValidator()
  const open = await validator
  const document = XmlDocument.fromString(text, { option: ParseOption.XML_PARSE_NONET })
  try {
    open.validate(document)
  } finally {
    document.dispose()
  }
}

async function openValidator(): Promise<XsdValidator> {
  const catalog = await readFile(join(FOLDER, 'catalog.xml'), 'utf8')
  const addresses = [...catalog.matchAll(/name="([^"]+)" uri="([^"]+)"/g)]
  const files = new Map(addresses.flatMap(([, address = '', file = '']) => [[address, file] as const, [file, file]]))
  const contents: Record<string, Uint8Array> = {}
  for (const [address, file] of files) contents[address] = await readFile(join(FOLDER, file))
  xmlRegisterInputProvider(new XmlBufferInputProvider(contents))
  const schema = XmlDocument.fromString(await readFile(join(FOLDER, 'all.xsd'), 'utf8'), { url: 'all.xsd' })
  return XsdValidator.fromDoc(schema)
}
