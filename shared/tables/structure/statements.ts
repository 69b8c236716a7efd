/** In this order statements find what they need: nothing refers to what is dropped, and what is referred to is there. */
const PHASES = [
  'drop foreign key',
  'drop constraint',
  'drop table',
  'create table',
  'add column',
  'alter column',
  'drop column',
  'add constraint',
  'create index',
  'add foreign key',
] as const

export type Phase = (typeof PHASES)[number]

export interface Statement {
  readonly phase: Phase
  readonly sql: string
}

/** The statements of some changes as they can be executed one after another; what is the same is done once. */
export function inOrder(statements: readonly Statement[]): readonly string[] {
  const sorted = statements.toSorted((a, b) => PHASES.indexOf(a.phase) - PHASES.indexOf(b.phase))
  return [...new Set(sorted.map(({ sql }) => sql))]
}
