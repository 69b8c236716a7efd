import { existsSync } from 'node:fs'
import { PACKAGE } from '../../shared/version.ts'

/** What npm says of how it runs a program, and which file that is. */
export interface Invocation {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly file: string
  /** Whether it runs in a clone of the project, where npx finds it by its short name. */
  readonly isCheckout: boolean
}

/**
 * Some words after `almagest` as the person at the terminal would type them, who may have come by npx, by a script of the
 * project, or by `npm start`.
 */
export function spell(words: string, invocation: Invocation = ownInvocation()): string {
  const { env } = invocation
  const [, options] = /^start\b ?(.*)$/.exec(words) ?? []
  if (options !== undefined && env.npm_lifecycle_event === 'start') {
    return options === '' ? 'npm start' : `npm start -- ${options}`
  }
  return [nameOf(invocation), words].filter((part) => part !== '').join(' ')
}

/** A text with the commands that stand in it between backquotes as they can be typed. */
export function spellCommands(text: string, invocation: Invocation = ownInvocation()): string {
  return text.replace(/`almagest (?=[a-z])([^`]*)`/g, (_, words: string) => `\`${spell(words, invocation)}\``)
}

/** A word as a shell takes it for one. */
export function quoteForShell(word: string): string {
  return /^[\w./+:@%=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

function nameOf({ env, file, isCheckout }: Invocation): string {
  const { npm_lifecycle_event: script = '', npm_lifecycle_script: called = '' } = env
  if (script === 'almagest') return 'npm run almagest --'
  // What other programs inherit from npx is not about this one.
  const isByNpx = script === 'npx' && /^["']?(?:@[\w.-]+\/)?almagest\b/.test(called)
  if (isCheckout && (isByNpx || script === 'start')) return 'npx almagest'
  if (!isByNpx) return 'almagest'
  return /[/\\]_npx[/\\]/.test(file) ? `npx ${PACKAGE}` : 'npx almagest'
}

function ownInvocation(): Invocation {
  return {
    env: process.env,
    file: process.argv[1] ?? '',
    isCheckout: existsSync(new URL('../almagest.ts', import.meta.url)),
  }
}
