/** Puts the table of grants into terraform/README.md: `node deploy/terraform/write-iam-table.ts`. A test compares them. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readConfiguration } from './configuration.ts'
import { formatGrants, listGrants } from './iam-table.ts'

const FOLDER = join(import.meta.dirname, '..', '..', 'terraform')
const README = join(FOLDER, 'README.md')

const table = formatGrants(listGrants(await readConfiguration(FOLDER)))
const text = await readFile(README, 'utf8')
await writeFile(
  README,
  text.replace(/(?<=<!-- grants -->\n)[\s\S]*?(?=<!-- end -->)/, () => `\n${table}\n\n`),
)
