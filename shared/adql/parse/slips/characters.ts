import { isRegular, quote } from '../../names.ts'
import { castTypeFor } from './cast-types.ts'
import type { Situation, Slip, SlipRule } from './situation.ts'

const PLAIN_QUOTES: ReadonlyMap<string, string> = new Map([
  ['‘', "'"],
  ['’', "'"],
  ['‚', "'"],
  ['′', "'"],
  ['“', '"'],
  ['”', '"'],
  ['„', '"'],
  ['«', '"'],
  ['»', '"'],
  ['″', '"'],
])

/** What a character that is in no token of ADQL was probably meant for. */
const CHARACTERS: Readonly<Record<string, (situation: Situation) => Slip>> = {
  "'": (situation) => unclosedText(situation),
  '"': ({ stop, found }) =>
    stop.text[found.start + 1] === '"'
      ? {
          message: 'A name in double quotes cannot be empty. An empty text is written in single quotes.',
          suggestions: ["''"],
        }
      : { message: 'The name that begins here is never closed: put a double quote at its end.' },
  '`': ({ stop, found }) => quoted(/^`([^`]*)`/, stop.text.slice(found.start), 'Backticks are not ADQL'),
  '[': (situation) => {
    const rest = situation.stop.text.slice(situation.found.start)
    const isName = situation.expects('a column', 'a table')
    if (isName) return quoted(/^\[([^\]]*)\]/, rest, 'Square brackets are not ADQL')
    return {
      message: 'Square brackets are not ADQL. The elements of an array are ARRAY_ELEMENT(a, 1) and so on.',
      suggestions: ['ARRAY_ELEMENT(…, 1)'],
    }
  },
  ']': () => ({ message: 'Square brackets are not ADQL.' }),
  '{': () => ({ message: 'Braces are not ADQL. If this is a blank of a template, it has not been filled in.' }),
  '}': () => ({ message: 'Braces are not ADQL. If this is a blank of a template, it has not been filled in.' }),
  '?': () => ({ message: 'ADQL has no parameters: write the value itself.' }),
  $: () => ({
    message: 'ADQL has no parameters and no $ in names: write the value itself, or the name in double quotes.',
  }),
  ':': (situation) => castOrParameter(situation),
  '#': () => ({
    message: '# cannot stand in a name. Temporary tables of SQL Server are uploads in TAP: TAP_UPLOAD.name.',
  }),
  '@': () => ({
    message: 'ADQL has no operator @. Write CONTAINS(POINT(ra, dec), CIRCLE(ra0, dec0, r)) = 1.',
    suggestions: ['CONTAINS(POINT(ra, dec), CIRCLE(ra0, dec0, r)) = 1'],
  }),
  '!': (situation) => exclamation(situation),
  '%': () => ({ message: 'ADQL has no operator %. Write MOD(a, b).', suggestions: ['MOD(a, b)'] }),
  '^': () => ({ message: 'ADQL has no operator ^. Write POWER(a, b).', suggestions: ['POWER(a, b)'] }),
  '&': ({ stop, found }) =>
    stop.text[found.start + 1] === '&'
      ? {
          message: 'ADQL has no operator &&. Write AND between conditions, INTERSECTS(a, b) = 1 of shapes.',
          suggestions: ['AND', 'INTERSECTS(a, b) = 1'],
        }
      : { message: 'ADQL has no operator &. Write BITWISE_AND(a, b).', suggestions: ['BITWISE_AND(a, b)'] },
  '|': ({ stop, found }) =>
    /^\|\s+\|/.test(stop.text.slice(found.start))
      ? { message: 'The operator || is written without a blank.', suggestions: ['||'] }
      : {
          message: 'ADQL has no operator |. Texts are joined by ||, conditions by OR, bits by BITWISE_OR(a, b).',
          suggestions: ['||', 'OR', 'BITWISE_OR(a, b)'],
        },
  '~': () => ({
    message: "ADQL has no operator ~. Patterns are written with LIKE: name LIKE 'M%'.",
    suggestions: ['LIKE'],
  }),
  '\\': () => ({ message: 'A backslash is not ADQL. It may have been added by a program that wrote this query.' }),
  '−': () => ({ message: 'This is a typographic minus: write -.', suggestions: ['-'] }),
  '–': () => ({ message: 'This is a dash: write -.', suggestions: ['-'] }),
  '≤': () => ({ message: 'Write <= for ≤.', suggestions: ['<='] }),
  '≥': () => ({ message: 'Write >= for ≥.', suggestions: ['>='] }),
  '≠': () => ({ message: 'Write <> for ≠.', suggestions: ['<>'] }),
  '×': () => ({ message: 'Write * for ×.', suggestions: ['*'] }),
  _: (situation) => digitsApart(situation) ?? nameToQuote(situation, 'A name begins with a letter'),
}

/** A character that begins no token of ADQL. */
export const badCharacter: SlipRule = (situation) => {
  const { found } = situation
  if (found.kind !== 'bad') return undefined
  const known = Object.hasOwn(CHARACTERS, found.text) ? CHARACTERS[found.text] : undefined
  if (known !== undefined) return known(situation)
  const plain = PLAIN_QUOTES.get(found.text)
  const closed = /^[“”„«″]([^“”„»″"]*)[“”»″"]/.exec(situation.stop.text.slice(found.start))?.[1]
  if (closed !== undefined && situation.wantsValue) {
    const text = `'${closed}'`
    return {
      message: `This is a typographic quote. A text is written in single quotes: ${text}.`,
      suggestions: [text, quote(closed)],
    }
  }
  if (plain !== undefined) {
    return { message: `This is a typographic quote: write ${plain}.`, suggestions: [plain] }
  }
  if (/\p{L}/u.test(found.text)) return nameToQuote(situation, 'Names have only the letters a to z, digits and _')
  const code = found.text.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')
  return { message: `The character ${/\p{C}/u.test(found.text) ? '' : `${found.text} `}(U+${code}) is not ADQL.` }
}

/** `'it's'`: the text has ended before the word. */
export const apostrophe: SlipRule = (situation) => {
  const { found } = situation
  if (found.kind !== 'word' || situation.at(-1).kind !== 'string' || situation.at(-1).end !== found.start)
    return undefined
  const whole = `'${situation.at(-1).text.replaceAll("'", "''")}''${situation.written()}'`
  return { message: `A single quote inside a text is doubled: ${whole}.`, suggestions: [whole] }
}

/** `'it's here'`: the text has ended before. */
function unclosedText(situation: Situation): Slip {
  const word = situation.at(-1)
  const text = situation.at(-2)
  if (word.kind === 'word' && text.kind === 'string' && text.end === word.start) {
    const whole = `'${text.text}''${situation.written(-1)}'`
    return { message: `A single quote inside a text is doubled: ${whole}.`, suggestions: [whole] }
  }
  return { message: 'The text that begins here is never closed: put a single quote at its end.' }
}

function quoted(form: RegExp, rest: string, fault: string): Slip {
  const name = form.exec(rest)?.[1]
  if (name === undefined || name === '')
    return { message: `${fault}. Names with special characters stand in double quotes.` }
  const suggestion = isRegular(name) ? name : quote(name)
  return { message: `${fault}: write ${suggestion}.`, suggestions: [suggestion] }
}

function castOrParameter({ stop, found }: Situation): Slip {
  const type = /^::\s*(\w+)/.exec(stop.text.slice(found.start))?.[1]
  if (type !== undefined) {
    const cast = `CAST(… AS ${castTypeFor(type) ?? type.toUpperCase()})`
    return { message: `ADQL has no casts with ::. Write ${cast}.`, suggestions: [cast] }
  }
  return { message: 'ADQL has no parameters: write the value itself.' }
}

function exclamation({ stop, found }: Situation): Slip {
  const rest = stop.text.slice(found.start)
  if (/^!\s+=/.test(rest)) return { message: 'The operator != is written without a blank.', suggestions: ['!='] }
  if (/^!(?:<@|@>|&&|~)/.test(rest)) {
    return {
      message: 'ADQL has no operators of pgSphere. Write 0 = CONTAINS(a, b) or 0 = INTERSECTS(a, b).',
      suggestions: ['0 = CONTAINS(a, b)'],
    }
  }
  return {
    message: 'ADQL has no operator !. Write NOT before a condition, <> between values.',
    suggestions: ['NOT', '<>'],
  }
}

function nameToQuote({ stop, found }: Situation, rule: string): Slip {
  const name = /^[\p{L}\p{N}\p{M}_]+/u.exec(stop.text.slice(found.start))?.[0] ?? found.text
  const suggestion = quote(name)
  return { message: `${rule}: write ${suggestion} in double quotes.`, suggestions: [suggestion] }
}

/** `1_000` */
function digitsApart(situation: Situation): Slip | undefined {
  const { stop, found } = situation
  const number = situation.at(-1)
  const rest = /^[_\d]+/.exec(stop.text.slice(found.start))?.[0] ?? ''
  if (number.kind !== 'integer' || number.end !== found.start || !/\d/.test(rest)) return undefined
  const whole = (number.text + rest).replaceAll('_', '')
  return { message: `The digits of a number stand together: write ${whole}.`, suggestions: [whole] }
}

const DOUBLED: Readonly<Record<string, Slip>> = {
  '= =': { message: 'Equality is written with one =.', suggestions: ['='] },
  '= >': { message: 'Write >= for "greater or equal".', suggestions: ['>='] },
  '= <': { message: 'Write <= for "less or equal".', suggestions: ['<='] },
  '< >': { message: 'The operator <> is written without a blank.', suggestions: ['<>'] },
  '< =': { message: 'The operator <= is written without a blank.', suggestions: ['<='] },
  '> =': { message: 'The operator >= is written without a blank.', suggestions: ['>='] },
  '* *': { message: 'ADQL has no operator **. Write POWER(a, b).', suggestions: ['POWER(a, b)'] },
  '< <': { message: 'ADQL has no operator <<. Write a * POWER(2, b).', suggestions: ['a * POWER(2, b)'] },
  '> >': { message: 'ADQL has no operator >>. Write FLOOR(a / POWER(2, b)).', suggestions: ['FLOOR(a / POWER(2, b))'] },
}

/** Two symbols that make one operator elsewhere: `==`, `=>`, `**`. */
export const doubledOperator: SlipRule = (situation) => {
  const { found } = situation
  if (found.kind !== 'symbol') return undefined
  if (isComment(situation, -1) || isComment(situation, 0)) {
    return { message: 'Comments begin with -- and end with the line; /* … */ is not ADQL.', suggestions: ['--'] }
  }
  const pair = `${situation.at(-1).text} ${found.text}`
  return situation.at(-1).kind === 'symbol' && Object.hasOwn(DOUBLED, pair) ? DOUBLED[pair] : undefined
}

function isComment(situation: Situation, offset: number): boolean {
  return (
    situation.is(offset, '/') &&
    situation.is(offset + 1, '*') &&
    situation.at(offset).end === situation.at(offset + 1).start
  )
}

/** `1e`, `2mass`, `0x1F`: a word right behind a number. */
export const gluedWord: SlipRule = (situation) => {
  const { found } = situation
  const number = situation.at(-1)
  if (!found.glued || (number.kind !== 'integer' && number.kind !== 'number')) return undefined
  if (/^E$/.test(found.text)) {
    return {
      message: `The exponent of ${number.text} is missing: write ${number.text}e3, or a blank before ${situation.written()}.`,
    }
  }
  const name = quote(number.text + situation.written())
  const message = `A number and a word need a blank between them. If this is a name that begins with a digit, quote it: ${name}.`
  return { message, suggestions: [name] }
}

/** `1.2.3`, `a.1`, `2 3`. */
export const numberBehind: SlipRule = (situation) => {
  const { found } = situation
  if (found.kind !== 'number' || !found.text.startsWith('.') || situation.at(-1).end !== found.start) return undefined
  if (situation.at(-1).kind === 'word') {
    return {
      message: 'A name behind a point begins with a letter: quote it if it begins with a digit.',
      suggestions: [quote(found.text.slice(1))],
    }
  }
  return { message: 'A number has one decimal point.' }
}
