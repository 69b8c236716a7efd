import { registryEntry, serviceEntry } from '../../shared/environment/discovery/registry.ts'
import { applicationRules, dataRule, ruleOverride } from '../../shared/environment/discovery/rules.ts'
import { ENVIRONMENT_KEYS } from '../../shared/environment/environment.ts'
import { obscoreColumn } from '../../shared/environment/obscore.ts'
import { coverage, registryAdditions } from '../../shared/environment/registry.ts'
import { rowsOf } from '../../shared/environment/sections.ts'
import type { KeyRow, Shape } from '../../shared/environment/shapes.ts'

/** Documents with tables of the keys of the environment file. */
export const DOCUMENTS: readonly string[] = [
  'docs/configuration.md',
  'docs/discovery.md',
  'docs/console.md',
  'docs/registry.md',
  'docs/obscore.md',
]

/** A comment that names what the table after it is about; everything up to the next empty line is the table. */
const TABLE = /(<!-- keys: (.+) -->\n)(?:.+\n)*/g
const SHAPE_TABLE = /(<!-- keys of an? (.+) -->\n)(?:.+\n)*/g

/** Shapes whose keys are listed once, wherever they occur. */
const SHAPES: readonly Shape<unknown>[] = [
  applicationRules,
  dataRule,
  ruleOverride,
  registryEntry,
  registryAdditions,
  coverage,
  serviceEntry,
  obscoreColumn,
]

const HEAD = '| key | type | default | meaning |\n|---|---|---|---|\n'

/** The text with its tables of keys as the code has them: each key is in the table of its longest prefix. */
export function fillKeyTables(text: string, others: readonly string[]): string {
  const prefixes = new Set([...others, text].flatMap(prefixesOf))
  const tables = Map.groupBy(rowsOf(ENVIRONMENT_KEYS, ''), ({ key }) => prefixOf(key, prefixes))
  return text
    .replace(TABLE, (_, comment: string, named: string) => {
      const rows = named.split(' ').flatMap((prefix) => tables.get(prefix) ?? [])
      return renderTable(comment, rows)
    })
    .replace(SHAPE_TABLE, (_, comment: string, type: string) => {
      return renderTable(comment, SHAPES.find((shape) => shape.type === type)?.rows?.('') ?? [])
    })
}

/** The keys, and the shapes with keys of their own, that are in no table of these documents. */
export function missingTables(texts: readonly string[]): string[] {
  const prefixes = new Set(texts.flatMap(prefixesOf))
  const keys = rowsOf(ENVIRONMENT_KEYS, '').map(({ key }) => key)
  const shapes = SHAPES.map(({ type }) => type)
  return [
    ...keys.filter((key) => prefixOf(key, prefixes) === undefined),
    ...shapes.filter((type) => !texts.some((text) => new RegExp(`<!-- keys of an? ${type} -->`).test(text))),
  ]
}

function prefixesOf(text: string): string[] {
  return [...text.matchAll(TABLE)].flatMap(([, , named = '']) => named.split(' '))
}

function prefixOf(key: string, prefixes: ReadonlySet<string>): string | undefined {
  const parts = key.split('.')
  const candidates = parts.map((_, index) => parts.slice(0, parts.length - index).join('.'))
  return candidates.find((candidate) => prefixes.has(candidate))
}

function renderTable(comment: string, rows: readonly KeyRow[]): string {
  return `${comment}${HEAD}${rows.map(renderRow).join('')}`
}

function renderRow({ key, type, default: value, meaning }: KeyRow): string {
  return `| \`${key}\` | ${type} | ${value} | ${meaning} |\n`
}
