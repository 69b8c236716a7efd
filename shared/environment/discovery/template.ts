import { nearMiss } from '../../near-miss.ts'

/** A variable of a template, with any space inside the braces. */
const VARIABLE = /\{\{\s*(base_hostname|dataset)\s*\}\}/g

export interface TemplateVariables {
  readonly base_hostname: string
  /** Only data services and HiPS trees have one; elsewhere the variable is empty, as in Repertoire. */
  readonly dataset?: string
}

/** What the template stands for, as text; the reader of the configuration has found it to be a template. */
export function renderTemplate(template: string, variables: TemplateVariables): string {
  return template.replace(VARIABLE, (_, name: keyof TemplateVariables) => variables[name] ?? '')
}

/** The same as a normalised URL. */
export function renderUrl(template: string, variables: TemplateVariables): string {
  return new URL(renderTemplate(template, variables)).href
}

/** Why a text cannot be a template, as the end of a sentence about it; null: it can. */
export function complaintAboutTemplate(template: string): string | null {
  const rest = template.replace(VARIABLE, '')
  const found = /\{[{%#].*?(?:[}%#]\}|$)|\{[^{}]*\}?|\}/s.exec(rest)
  if (found === null) return null
  const what = found[0].length > 60 ? `${found[0].slice(0, 60)}…` : found[0]
  const meant = nearMiss(/^\{+\s*(\w+)\s*\}*$/.exec(what)?.[1] ?? '', ['base_hostname', 'dataset'])
  const hint = meant === undefined ? '' : ` (did you mean {{ ${meant} }}?)`
  return `has ${what}: a template may hold {{ base_hostname }} and {{ dataset }}, and no other braces${hint}`
}
