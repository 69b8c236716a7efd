const EFFORT = Number(process.env.TEST_EFFORT ?? 1)

/** How many runs a random search makes: so many, times what the variable TEST_EFFORT asks for. */
export function runs(usual: number): number {
  return Math.max(1, Math.round(usual * EFFORT))
}

/**
 * For steps that are tried one after the other, each from the beginning: every n-th, from another first one in each run. All
 * of them with TEST_EFFORT=n, as the build does. What fails names its step.
 */
export function everyNth(n: number): { readonly first: number; readonly by: number } {
  const by = Math.max(1, Math.round(n / EFFORT))
  return { first: 1 + Math.floor(Math.random() * by), by }
}

/** Every n-th of a list that is tried one by one, from another first one in each run; all of them with TEST_EFFORT=n. */
export function someOf<T>(list: readonly T[], n: number): readonly T[] {
  const { first, by } = everyNth(Math.min(n, list.length))
  return list.filter((_, index) => (index + 1) % by === first % by)
}
