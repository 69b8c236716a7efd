import { nearMiss } from '../near-miss.ts'
import type { IntegerField, ShapedField, TextField, TextsField, ValueField } from './field.ts'
import type { Place, Report } from './report.ts'
import { describeNode } from './shapes.ts'
import type { Located } from './yaml-positions.ts'

type Value = string | number | boolean | null | readonly string[]

interface Reading {
  /** undefined: not given, or not one that can be used. */
  readonly value: unknown
  /** Whether something about it has been reported. */
  readonly wrong: boolean
}

/** Reads the value of a field as its row of the table wants it, and reports what is wrong with it. */
export function readValue(field: ValueField, node: Located, key: Place, report: Report): Reading {
  if (field.type === 'shaped') return readShaped(field, node, key, report)
  if (node.kind === 'scalar' && node.value === null) {
    return { value: field.type === 'integer' && field.nullable ? null : undefined, wrong: false }
  }
  const before = report.count
  const value = readTyped(field, node, { path: key.path, at: node.at }, report)
  return { value, wrong: report.count > before }
}

function readShaped({ shape }: ShapedField, node: Located, { path }: Place, report: Report): Reading {
  if (node.kind === 'scalar' && node.value === null) return { value: undefined, wrong: false }
  const value = shape.read(node, path, report)
  return { value, wrong: value === undefined }
}

function readTyped(
  field: Exclude<ValueField, ShapedField>,
  node: Located,
  place: Place,
  report: Report,
): Value | undefined {
  switch (field.type) {
    case 'text':
      return readText(field, node, place, report)
    case 'texts':
      return readTexts(field, node, place, report)
    case 'integer':
      return readInteger(field, node, place, report)
    case 'flag':
      if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value
      report.error('wrong_type', place, `must be true or false, not ${describeNode(node)}`)
      return undefined
  }
}

function readText(field: TextField, node: Located, place: Place, report: Report): string | undefined {
  if (field.choices !== undefined) return readChoice(field.choices, node, place, report)
  const text = asText(node, place, report)
  if (text === undefined) return undefined
  const complaint = field.refuse(text)
  if (complaint === null) return text
  report.error('invalid_value', place, `${field.secret ? 'it' : JSON.stringify(text)} ${complaint}`)
  return undefined
}

function readChoice(choices: readonly string[], node: Located, place: Place, report: Report): string | undefined {
  const value = node.kind === 'scalar' ? node.value : undefined
  if (typeof value === 'string' && choices.includes(value)) return value
  const found = typeof value === 'string' ? JSON.stringify(value) : describeNode(node)
  const suggestion = typeof value === 'string' ? nearMiss(value, choices) : undefined
  const code = typeof value === 'string' ? 'invalid_value' : 'wrong_type'
  report.error(code, place, `must be one of ${choices.join(', ')}, not ${found}`, suggestion)
  return undefined
}

function readTexts(field: TextsField, node: Located, place: Place, report: Report): readonly string[] | undefined {
  if (node.kind !== 'sequence' && !(field.single && node.kind === 'scalar')) {
    report.error('wrong_type', place, `must be a list of texts, not ${describeNode(node)}`)
    return undefined
  }
  const items = node.kind === 'sequence' ? node.items : [node]
  const texts: string[] = []
  for (const [index, item] of items.entries()) {
    const where = { path: node.kind === 'sequence' ? `${place.path}.${index}` : place.path, at: item.at }
    const text = asText(item, where, report)
    if (text === undefined) continue
    const complaint = field.refuse(text)
    if (complaint !== null) report.error('invalid_value', where, `${JSON.stringify(text)} ${complaint}`)
    else if (texts.includes(text))
      report.error('duplicate_item', where, `${JSON.stringify(text)} is in the list already`)
    else texts.push(text)
  }
  return texts
}

function readInteger(field: IntegerField, node: Located, place: Place, report: Report): number | undefined {
  if (node.kind !== 'scalar' || typeof node.value !== 'number' || !Number.isInteger(node.value)) {
    report.error('wrong_type', place, `must be a whole number, not ${describeNode(node)}`)
    return undefined
  }
  if (node.value >= field.min && node.value <= field.max) return node.value
  report.error('out_of_range', place, `must be from ${field.min} to ${field.max}, not ${node.value}`)
  return undefined
}

function asText(node: Located, place: Place, report: Report): string | undefined {
  if (node.kind === 'scalar' && typeof node.value === 'string') {
    const [variable] = VARIABLE.exec(node.value) ?? []
    if (variable === undefined) return node.value
    report.error('unsupported', place, `holds ${variable}, but variables are not filled in here: write the value`)
    return undefined
  }
  const hint = node.kind === 'scalar' && node.value !== null ? '; put it in quotes' : ''
  report.error('wrong_type', place, `must be text, not ${describeNode(node)}${hint}`)
  return undefined
}

/** What a shell or Compose would replace. In a password, `$` can be written as %24. */
const VARIABLE = /\$\{[A-Za-z_]\w*\}/
