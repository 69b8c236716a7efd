import { expect, test } from 'vitest'
import { type Invocation, quoteForShell, spell, spellCommands } from '../../../cli/terminal/spelling.ts'
import { PACKAGE } from '../../../shared/version.ts'

const INSTALLED: Invocation = { env: {}, file: '/usr/bin/almagest', isCheckout: false }
const NPX = { npm_lifecycle_event: 'npx', npm_lifecycle_script: '"almagest" status' }
const CACHE = '/home/a/.npm/_npx/0123/node_modules/.bin/almagest'

test.each<[string, Partial<Invocation>, string, string]>([
  ['installed', {}, 'almagest', 'almagest start --once'],
  // npm 11 puts it between other quotes.
  [
    'npx of npm 11',
    { env: { ...NPX, npm_lifecycle_script: "'almagest' 'status'" }, isCheckout: true },
    'npx almagest',
    'npx almagest start --once',
  ],
  ['npx in a clone', { env: NPX, isCheckout: true }, 'npx almagest', 'npx almagest start --once'],
  ['npx in a project that has the package', { env: NPX }, 'npx almagest', 'npx almagest start --once'],
  ['npx without installing', { env: NPX, file: CACHE }, `npx ${PACKAGE}`, `npx ${PACKAGE} start --once`],
  [
    'a script of the clone',
    { env: { npm_lifecycle_event: 'almagest' } },
    'npm run almagest --',
    'npm run almagest -- start --once',
  ],
  ['npm start', { env: { npm_lifecycle_event: 'start' }, isCheckout: true }, 'npx almagest', 'npm start -- --once'],
  [
    'a program that was called by npx itself',
    { env: { npm_lifecycle_event: 'npx', npm_lifecycle_script: 'vitest run' }, isCheckout: true },
    'almagest',
    'almagest start --once',
  ],
])('%s: commands are named as they were started', (_, how, name, start) => {
  const invocation = { ...INSTALLED, ...how }
  expect(spell('status --json', invocation)).toBe(`${name} status --json`)
  expect(spell('start --once', invocation)).toBe(start)
  expect(spellCommands('run `almagest init` on it; almagest', invocation)).toBe(`run \`${name} init\` on it; almagest`)
})

test('npm start without options is spelt without dashes', () => {
  const invocation = { ...INSTALLED, env: { npm_lifecycle_event: 'start' } }
  expect(spell('start', invocation)).toBe('npm start')
  expect(spellCommands('see `almagest start --help`', invocation)).toBe('see `npm start -- --help`')
})

test.each([
  ['releases/w.2026.34', 'releases/w.2026.34'],
  ['two words', "'two words'"],
  ["it's", "'it'\\''s'"],
  ['', "''"],
  ['$HOME', "'$HOME'"],
])('%s is quoted for a shell', (word, shown) => expect(quoteForShell(word)).toBe(shown))
