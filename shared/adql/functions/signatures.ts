import type { FunctionRow, Parameter, Signature } from './row.ts'

/** The parameter of an argument; those that repeat go on behind the last one. */
export function parameterAt({ parameters, repeats = 0 }: Signature, index: number): Parameter | undefined {
  if (index < parameters.length) return parameters[index]
  return repeats === 0 ? undefined : parameters[parameters.length - repeats + ((index - parameters.length) % repeats)]
}

/** Whether a signature takes so many arguments. */
export function takesCount({ parameters, optional = 0, repeats = 0 }: Signature, count: number): boolean {
  if (count < parameters.length - optional) return false
  if (count <= parameters.length) return true
  return repeats > 0 && (count - parameters.length) % repeats === 0
}

/** Whether some of its arguments are conditions, which the parser has to know. */
export function takesConditions({ signatures }: FunctionRow): boolean {
  return signatures.some(({ parameters }) => parameters.some(({ type }) => type === 'CONDITION'))
}
