import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')

/** The ground that everybody may stand on. */
const GROUND = [
  'shared/code-points.ts',
  'shared/database-address.ts',
  'shared/elapsed.ts',
  'shared/failure.ts',
  'shared/group-roles.ts',
  'shared/is-record.ts',
  'shared/lazily.ts',
  'shared/near-miss.ts',
  'shared/printable.ts',
  'shared/problem.ts',
  'shared/reserved-words.ts',
  'package.json',
  'shared/stored-objects.ts',
  'shared/version.ts',
  'shared/xml',
  'shared/yaml',
]

/** DESIGN §3: who may import whom. A room that is not listed may import nothing of ours but the ground. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  'shared/xml': [],
  'shared/uws': [],
  'shared/felis': [],
  'shared/adql': [],
  'shared/tap-schema': ['shared/felis'],
  'shared/tables': ['shared/adql', 'shared/felis', 'shared/tap-schema'],
  'shared/releases': ['shared/felis', 'shared/tap-schema'],
  'shared/environment': ['shared/adql', 'shared/felis', 'shared/obscore', 'shared/releases', 'shared/tap-schema'],
  'shared/obscore': ['shared/adql', 'shared/tap-schema', 'shared/tables'],
  'shared/discovery': ['shared/environment', 'shared/felis'],
  'shared/results': ['shared/environment'],
  'shared/votable': [],
  'shared/qserv': [],
  'shared/query': ['shared/adql', 'shared/qserv', 'shared/votable'],
  'shared/tap': [
    'shared/adql',
    'shared/environment',
    'shared/query',
    'shared/releases',
    'shared/tap-schema',
    'shared/uws',
    'shared/votable',
  ],
  'shared/user-tables': [
    'shared/adql',
    'shared/query',
    'shared/tap',
    'shared/tap-schema',
    'shared/uws',
    'shared/votable',
  ],
  'shared/platform': [],
  'shared/registry': ['shared/adql', 'shared/discovery', 'shared/environment', 'shared/tap', 'shared/tap-schema'],
  'shared/deployment': ['shared/*'],
  console: ['shared/adql', 'shared/discovery', 'shared/votable'],
  functions: ['shared/*', 'console'],
  cli: ['shared/*', 'functions', 'local'],
  local: ['shared/*', 'functions', 'cli', 'deploy'],
  deploy: ['shared/*'],
}

interface Import {
  readonly file: string
  readonly from: string
  readonly to: string
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
}

/** `shared/tap-schema/stage.ts` → `shared/tap-schema`, `local/stack.ts` → `local`. */
function roomOf(file: string): string {
  const [first = '', second = ''] = file.split(sep)
  return first === 'shared' ? `${first}/${second}` : first
}

/** The files that a file imports, also for their types alone. */
function targetsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  const targets = [...text.matchAll(/\b(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)].map((match) => match[1] ?? '')
  return targets.map((target) => relative(root, resolve(root, dirname(file), target)))
}

function importsOf(file: string): Import[] {
  return targetsOf(file).map((to) => ({ file, from: roomOf(file), to: roomOf(to) }))
}

test('imports between the rooms follow the arrows of the design', () => {
  const files = ['shared', 'functions', 'cli', 'local', 'deploy', 'console'].flatMap(sourceFiles)
  const imports = files.flatMap(importsOf)
  expect(imports.length).toBeGreaterThan(50)
  const allowed = ({ from, to }: Import) =>
    from === to ||
    GROUND.includes(to) ||
    (ARROWS[from] ?? []).some((room) => room === to || (room === 'shared/*' && to.startsWith('shared/')))
  expect(imports.filter((found) => !allowed(found)).map(({ file, to }) => `${file} imports ${to}`)).toEqual([])
})

test('no file imports itself by way of others', () => {
  const files = ['shared', 'functions', 'cli', 'local', 'deploy', 'console'].flatMap(sourceFiles)
  const left = new Map(files.map((file) => [file, targetsOf(file).filter((target) => files.includes(target))]))
  // A file that imports nothing, or that nobody imports, is in no circle: what is left in the end is.
  for (let before = -1; before !== left.size; ) {
    before = left.size
    const imported = new Set([...left.values()].flat())
    for (const [file, targets] of left) {
      const isOpen = !imported.has(file) || !targets.some((target) => left.has(target))
      if (isOpen) left.delete(file)
    }
    for (const [file, targets] of left)
      left.set(
        file,
        targets.filter((target) => left.has(target)),
      )
  }
  expect([...left.keys()]).toEqual([])
})

/** Lists as their standards publish them, one entry a line. */
const LISTS = ['shared/felis/ucd/words.ts']

test('every file fits one subject: none is over 400 lines', () => {
  const long = ['shared', 'functions', 'cli', 'local', 'deploy', 'console']
    .flatMap(sourceFiles)
    .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length }))
    .filter(({ file, lines }) => lines > 400 && !LISTS.includes(file))
  expect(long).toEqual([])
})
